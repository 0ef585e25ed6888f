// Regions: their addresses, and what goes wrong there on purpose.

import {call, get} from './api.js';
import {field, h, openDialog, repeat, select, table} from './dom.js';
import {incidentText} from './fleet_map.js';
import {clock} from './sim_clock.js';
import {count, relative, time} from './format.js';

const lookMs = 3000;

/** A form whose answer is shown in it; it closes when the API has done what was asked. */
function ask(title, fields, act) {
  const said = h('p.bad', {role: 'alert'});
  const form = h('form', {onsubmit: async event => {
    event.preventDefault();
    try {
      await act(name => form.elements[name].value.trim());
      dialog.close();
    } catch (error) {
      said.textContent = error.message;
    }
  }}, h('div.fields', fields), said, h('div.buttons',
    h('button', {type: 'button', onclick: () => dialog.close()}, 'Cancel'),
    h('button.primary', {type: 'submit'}, title)));
  const dialog = openDialog(title, form);
}

function askForIncident(region, done) {
  ask(`Incident in ${region}`, [
    field('Outage: servers that run are', select({name: 'running'},
      [['', 'no outage'], ['untouched', 'untouched'], ['impaired', 'impaired'],
        ['stopped', 'stopped']], 'impaired'), 'New creates and starts are refused.'),
    field('It lasts, minutes', h('input', {name: 'minutes', type: 'number', min: 1, value: 30}),
      'Empty: until it is lifted.'),
    field('Delays are longer, times', h('input', {name: 'factor', type: 'number', step: 'any',
      min: 0})),
    field('Boots that fail, %', h('input', {name: 'failures', type: 'number', min: 0, max: 100})),
    field('Reason', h('input', {name: 'reason', maxlength: 200, autocomplete: 'off'}), '', true),
  ], async value => {
    const body = {};
    if (value('running')) body.outage = {running: value('running')};
    if (value('factor')) body.delay_factor = Number(value('factor'));
    if (value('failures')) body.failure_rate = Number(value('failures')) / 100;
    if (value('minutes')) body.for_seconds = Math.round(Number(value('minutes')) * 60);
    if (value('reason')) body.reason = value('reason');
    await call('PUT', `/regions/${region}/incident`, {body});
    await done();
  });
}

function askForAddresses(region, done) {
  ask(`Add addresses to ${region}`, [
    field('Range', h('input', {name: 'cidr', required: true, placeholder: '10.1.0.0/22',
      autocomplete: 'off'}), 'A network, /12 to /32. It may be repeated.', true),
  ], async value => {
    await call('POST', `/regions/${region}/addresses`, {body: {cidr: value('cidr')}});
    await done();
  });
}

class RegionsPage {
  #regions = h('div.stack');
  #trouble = h('p.note.bad', {role: 'alert', hidden: true});

  constructor({main, signal}) {
    this.signal = signal;
    main.append(h('div.head', h('h1', 'Regions')), this.#trouble, this.#regions);
  }

  async look() {
    try {
      const {items} = await get('/regions', {}, this.signal);
      const histories = await Promise.all(items.map(({name}) =>
        get(`/regions/${name}/incidents`, {limit: 10}, this.signal)));
      this.#draw(items, histories.map(({items}) => items));
      this.#trouble.hidden = true;
    } catch (error) {
      if (!this.signal.aborted) this.#say(error);
    }
  }

  #say(error) {
    this.#trouble.hidden = false;
    this.#trouble.textContent = error.message;
  }

  /** Drawn anew only where something has changed: what is being clicked must not go away. */
  #draw(regions, histories) {
    const state = JSON.stringify([regions, histories]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.#regions.replaceChildren(...regions.map((region, i) =>
      this.#card(region, histories[i])));
  }

  #card(region, history) {
    const {name, addresses_total: all, addresses_free: free, incident} = region;
    const again = () => this.look();
    const lift = async () => {
      await call('DELETE', `/regions/${name}/incident`).catch(error => this.#say(error));
      await again();
    };
    return h('section', {class: incident ? 'card region troubled' : 'card region',
      'data-region': name},
    h('div.row.between', h('h2', name), h('div.row',
      h('button.small', {'data-do': 'addresses', onclick: () => askForAddresses(name, again)},
        'Add addresses'),
      incident
        ? h('button.small', {'data-do': 'lift', onclick: lift}, 'Lift the incident')
        : h('button.small.danger', {'data-do': 'incident',
          onclick: () => askForIncident(name, again)}, 'Let something go wrong'))),
    h('div.pool', h('progress', {max: Math.max(all, 1), value: all - free,
      'aria-label': `Addresses of ${name} in use`}),
    h('span.soft.small', `${count(all - free)} of ${count(all)} addresses in use`)),
    incident && h('p.trouble', incidentText(incident.content) +
      (incident.content.until ? `, ends ${relative(incident.content.until, clock.now())}` : '')),
    table([['Began'], ['Ended'], ['Incident'], ['Set by'], ['Ended by']], history.map(past => [
      h('span.nowrap', time(past.began)),
      past.ended ? h('span.nowrap', time(past.ended)) : 'it lasts',
      incidentText(past.content), past.set_by, past.ended_by ?? '']),
    {empty: 'No incident so far.'}));
  }
}

export async function showRegions(page) {
  const regions = new RegionsPage(page);
  await repeat(page.signal, lookMs, () => regions.look());
}
