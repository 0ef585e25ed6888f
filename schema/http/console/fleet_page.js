// The fleet: what there is, where, and what it is doing; and what can be asked of it.

import {get} from './api.js';
import {confirmFirst, h, repeat, select} from './dom.js';
import {fleet} from './fleet_store.js';
import {FleetMap} from './fleet_map.js';
import {FleetTable} from './fleet_table.js';
import {openCreateDialog} from './create_dialog.js';
import {actions, actOnAll, notes} from './operations.js';
import {count, look, money, statusClass, statuses, word} from './format.js';

const looks = [...statuses.slice(0, 2), 'IMPAIRED', ...statuses.slice(2)];
const filters = ['look', 'region', 'type', 'tag', 'find'];

/** "team=blue" fits tags of that value, "team" any value of it. */
function hasTag(server, wanted) {
  const [name, value] = wanted.split('=');
  return name in server.tags && (value === undefined || server.tags[name] === value);
}

function matches(server, {look: wanted, region, type, tag, find}) {
  if (wanted ? look(server) !== wanted : server.status === 'TERMINATED') return false;
  if (region && server.region !== region) return false;
  if (type && server.type !== type) return false;
  if (tag && !hasTag(server, tag)) return false;
  if (!find) return true;
  const words = `${server.name} ${server.id} ${server.ip ?? ''}`.toLowerCase();
  return words.includes(find.toLowerCase());
}

// Squares change at once, sums and rows a little later: they cost more than a frame has.
const drawMs = 200;

class FleetPage {
  #late = 0;
  #mapIsOld = false;
  #filter;
  #chips = new Map();
  #summary = h('p.soft');
  #listed = h('span.soft.small', {role: 'status'});
  #bar = h('div.selection', {hidden: true});
  #outcome = h('div.outcome', {role: 'status'});

  constructor({main, query, signal}) {
    this.signal = signal;
    this.#filter = Object.fromEntries(filters.map(name => [name, query.get(name) ?? '']));
    this.map = new FleetMap({signal});
    this.table = new FleetTable({signal, onSelect: () => this.#drawSelection()});
    main.append(
      h('div.head', h('div', h('h1', 'Fleet'), this.#summary),
        h('button.primary', {onclick: openCreateDialog, 'data-key': 'c', title: 'Key: c'},
          'Create servers')),
      this.#drawChips(), this.map.element, this.#drawFilters(), this.#bar, this.#outcome,
      this.table.element);
    fleet.addEventListener('change', event => this.#take(event.detail), {signal});
    fleet.addEventListener('state', () => this.#draw(), {signal});
    notes.addEventListener('change', () => this.#drawOutcome(), {signal});
    repeat(signal, 3000, () => this.#askRegions());
    this.#draw();
  }

  async #askRegions() {
    try {
      const {items} = await get('/regions', {}, this.signal);
      this.map.showRegions(items);
      this.#offer(this.region, items.map(region => region.name));
    } catch {
      // Said by what shows the state of the connection.
    }
  }

  #drawChips() {
    const chip = look => {
      const number = h('b', '0');
      const button = h('button.chip', {'aria-pressed': 'false',
        onclick: () => this.#set('look', this.#filter.look === look ? '' : look)},
      h(`span.${statusClass(look).split(' ').join('.')}`, word(look)), number);
      this.#chips.set(look, {button, number});
      return button;
    };
    return h('div.chips', {role: 'group', 'aria-label': 'Statuses'}, looks.map(chip));
  }

  #drawFilters() {
    const on = name => event => this.#set(name, event.target.value);
    this.region = select({'aria-label': 'Region', onchange: on('region')}, [['', 'all regions']]);
    this.type = select({'aria-label': 'Type', onchange: on('type')}, [['', 'all types']]);
    get('/types').then(({items}) => this.#offer(this.type, items.map(type => type.name)), () => {});
    this.#offer(this.region, [this.#filter.region].filter(Boolean));
    return h('div.row.filters',
      h('input.grow', {type: 'search', placeholder: 'Find by name, id or address', 'data-key': '/',
        'aria-label': 'Find by name, id or address', title: 'Key: /', value: this.#filter.find,
        oninput: on('find')}),
      this.region, this.type,
      h('input', {type: 'search', placeholder: 'tag or tag=value', 'aria-label': 'Tag',
        value: this.#filter.tag, oninput: on('tag')}),
      this.#listed);
  }

  #offer(element, names) {
    const known = new Set([...element.options].map(option => option.value));
    element.append(...names.filter(name => !known.has(name)).map(name =>
      h('option', {value: name}, name)));
    element.value = this.#filter[element === this.region ? 'region' : 'type'];
  }

  /** Filters stand in the address, so that it can be passed on. */
  #set(name, value) {
    this.#filter[name] = value;
    const given = Object.entries(this.#filter).filter(([, value]) => value);
    history.replaceState(null, '',
      '#/fleet' + (given.length ? '?' + new URLSearchParams(given) : ''));
    this.#draw();
  }

  #take(ids) {
    for (const id of ids) {
      const server = fleet.get(id);
      const onMap = server && server.status !== 'TERMINATED';
      this.#mapIsOld ||= !onMap || !this.map.update(server);
    }
    this.#late ||= setTimeout(() => this.#drawLate(), drawMs);
  }

  #drawLate() {
    this.#late = 0;
    if (this.signal.aborted) return;
    this.#draw(this.#mapIsOld);
    this.#mapIsOld = false;
  }

  #draw(withMap = true) {
    const sums = Object.fromEntries(looks.map(look => [look, 0]));
    const byRegion = new Map();
    const listed = [];
    let rate = 0;
    for (const server of fleet.servers.values()) {
      ++sums[look(server)];
      if (matches(server, this.#filter)) listed.push(server);
      if (server.status === 'TERMINATED') continue;
      if (server.status === 'RUNNING' || server.status === 'REBOOTING') rate += server.hourly_rate;
      if (!byRegion.has(server.region)) byRegion.set(server.region, []);
      byRegion.get(server.region).push(server);
    }
    sums.TERMINATED = fleet.terminatedTotal;
    if (withMap) this.#drawMap(byRegion);
    for (const [look, {button, number}] of this.#chips) {
      number.textContent = count(sums[look]);
      button.classList.toggle('none-there', !sums[look]);
      button.setAttribute('aria-pressed', this.#filter.look === look);
      button.hidden = look === 'IMPAIRED' && !sums[look] && this.#filter.look !== look;
    }
    this.#say(sums, rate);
    this.table.show(listed);
    const ended = this.#filter.look === 'TERMINATED' && fleet.terminatedTotal > listed.length;
    this.#listed.textContent = `${count(listed.length)} listed` +
      (ended ? ', of the last that ended' : '');
  }

  #drawMap(byRegion) {
    for (const servers of byRegion.values()) {
      servers.sort((a, b) => a.created_at < b.created_at ? -1 : a.created_at > b.created_at ? 1
        : a.id < b.id ? -1 : 1);
    }
    this.map.showServers(byRegion);
  }

  #say(sums, rate) {
    const living = statuses.filter(status => status !== 'TERMINATED')
      .reduce((n, status) => n + sums[status], sums.IMPAIRED);
    this.#summary.textContent = fleet.error ? fleet.error.message
      : `${count(living)} servers, ${money(rate)} an hour` + (fleet.loading ? ', loading …' : '');
    this.#summary.className = fleet.error ? 'bad' : 'soft';
  }

  #drawSelection() {
    const ids = [...this.table.selected];
    this.#bar.hidden = !ids.length;
    this.#bar.replaceChildren(h('b', `${count(ids.length)} selected`),
      ...actions.map(action => h('button.small', {'data-all': action,
        class: action === 'terminate' ? 'small danger' : 'small',
        onclick: () => this.#actOnAll(ids, action)}, word(action))),
      h('button.small.plain', {onclick: () => this.table.clearSelection()}, 'Clear'));
  }

  #actOnAll(ids, action) {
    const begin = () => {
      this.asked = {ids, action};
      actOnAll(ids, action);
      this.#drawOutcome();
    };
    if (action !== 'terminate') return begin();
    confirmFirst(`Terminate ${count(ids.length)} servers? This is final.`, 'Terminate', begin);
  }

  /** What has become of the last thing that was asked of many. */
  #drawOutcome() {
    if (!this.asked) return;
    const {ids, action} = this.asked;
    const kinds = {asked: 0, accepted: 0, done: 0, refused: 0};
    const refusals = new Map();
    for (const id of ids) {
      const note = notes.get(id);
      if (note?.action !== action) continue;
      ++kinds[note.kind];
      if (note.kind === 'refused') refusals.set(note.text, (refusals.get(note.text) ?? 0) + 1);
    }
    const over = kinds.accepted + kinds.done + kinds.refused;
    this.#outcome.replaceChildren(h('div.note', h('div.row.between',
      h('span', h('b', `${word(action)} of ${count(ids.length)}: `),
        `${count(kinds.done)} done, ${count(kinds.accepted)} under way, ` +
        `${count(kinds.refused)} refused`),
      h('button.small.plain', {onclick: () => this.#forget()}, 'Dismiss')),
    h('progress', {max: ids.length, value: over, 'aria-label': 'Answered so far'}),
    ...[...refusals].slice(0, 5).map(([text, n]) => h('p.bad.small', `${count(n)} × ${text}`))));
  }

  #forget() {
    this.asked = null;
    this.#outcome.replaceChildren();
  }
}

export const showFleet = page => { new FleetPage(page); };
