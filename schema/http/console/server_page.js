// One server: its life as a line, what it is (and was), its log, its bill, its operations.

import {get, Problem} from './api.js';
import {h, repeat, table} from './dom.js';
import {fleet} from './fleet_store.js';
import {actions, act, notes, send} from './operations.js';
import {clock} from './sim_clock.js';
import {Timeline} from './timeline.js';
import {count, duration, iso, look, money, relative, statusClass, terminationReason, time, word}
  from './format.js';

const logPage = 200;
const logMax = 2000;
const dragMs = 120;

function fact(name, value, mono) {
  return value === '' || value === null || value === undefined ? null
    : [h('dt', name), h(mono ? 'dd.mono' : 'dd', value)];
}

/** The whole log, newest entry first; of a very long one the newest part. */
async function readLog(id, signal) {
  const log = [];
  for (let before; log.length < logMax;) {
    const page = await get(`/servers/${id}/logs`, {limit: logPage, before}, signal);
    log.push(...page);
    if (page.length < logPage) break;
    before = page.at(-1).version;
  }
  return log;
}

/** Where a create that takes no time ends depends on the profile that there was. */
async function settleProvisioned(id, log, signal) {
  const entry = log.find(({event}) => event === 'server_provisioned');
  if (entry) entry.status = (await get(`/servers/${id}`, {at: entry.timestamp}, signal)).status;
}

/** Why it is as it is, in a sentence; nothing while there is nothing to explain. */
function explanation(server, log) {
  const last = log.find(entry => entry.event === 'server_' + server.status.toLowerCase());
  const by = last ? `, as ${last.actor} wrote at ${time(last.timestamp)}` : '';
  if (server.status === 'TERMINATED') {
    const asked = log.find(entry => entry.event === 'server_terminating');
    const who = server.termination_reason === 'user' && asked
      ? `${asked.actor} asked for it at ${time(asked.timestamp)}`
      : terminationReason(server.termination_reason);
    return `Terminated because ${who}${by}.` +
      (server.failure ? ` ${word(server.failure.detail)}.` : '');
  }
  if (server.failure) {
    return `${word(server.status)}: ${server.failure.detail} (${server.failure.code})${by}.`;
  }
  if (server.interruption_at) return `It will be interrupted at ${time(server.interruption_at)}.`;
  if (server.health === 'impaired') return 'It runs, but it does not work as it should.';
  return '';
}

class ServerPage {
  #status = h('div.row');
  #why = h('p.note.why', {hidden: true});
  #said = h('p.small', {role: 'status'});
  #facts = h('dl.facts');
  #factsTitle = h('h2', 'Now');
  #bill = h('dl.facts');
  #log = h('div');
  #operations = h('div');
  #timeline = new Timeline({onMoment: at => this.#asOf(at)});
  #at;
  #dragged = 0;
  #entries = [];

  constructor({main, parts, signal}) {
    [this.id] = parts;
    this.signal = signal;
    main.append(
      h('div.head', h('div', h('a.small', {href: '#/fleet'}, '← Fleet'), this.#status),
        h('div.row', {role: 'group', 'aria-label': 'Actions'}, actions.map(action =>
          h(action === 'terminate' ? 'button.danger' : 'button',
            {'data-action': action, onclick: () => act(this.id, action)}, word(action))),
        h('button', {'data-action': 'lease', onclick: () => this.#extendLease()},
          'Lease + 1 h'))),
      this.#said, this.#why,
      h('section.card.life', h('h2', 'Its life'), this.#timeline.element,
        h('p.soft.small', 'Triangles are commands. Drag the handle to see the server as it was.')),
      h('div.halves',
        h('section.card', this.#factsTitle, this.#facts),
        h('section.card', h('h2', 'Its bill'), this.#bill)),
      h('section.card', h('h2', 'Log'), this.#log),
      h('section.card', h('h2', 'Operations'), this.#operations));
    fleet.addEventListener('change', ({detail}) => detail.has(this.id) && this.#refresh(),
      {signal});
    notes.addEventListener('change', ({detail}) => detail === this.id && this.#drawNote(),
      {signal});
  }

  async start() {
    await this.#refresh();
    repeat(this.signal, 1000, () => this.#tick());
    this.#drawNote();
  }

  async #refresh() {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      this.server = await get(`/servers/${this.id}`, {}, this.signal);
      const entries = await readLog(this.id, this.signal);
      await settleProvisioned(this.id, entries, this.signal);
      this.#entries = entries;
      this.#draw(await this.#readOperations());
    } finally {
      this.#asking = false;
    }
    if (this.#again) {
      this.#again = false;
      await this.#refresh();
    }
  }
  #asking = false;
  #again = false;

  async #readOperations() {
    const query = {server_id: this.id, limit: 50};
    return (await get('/operations', query, this.signal)).items;
  }

  #draw(operations) {
    const {server} = this;
    document.title = `${server.name} · vsim`;
    this.#status.replaceChildren(h('h1', server.name),
      h('span', {class: statusClass(look(server))}, word(look(server))));
    const why = explanation(server, this.#entries);
    this.#why.hidden = !why;
    this.#why.textContent = why;
    this.#timeline.show([...this.#entries].reverse(), clock.now());
    if (!this.#at) this.#drawFacts(server);
    this.#log.replaceChildren(table(
      [['Time'], ['Event'], ['What happened'], ['By'], ['Sequence', 'number']],
      this.#entries.map(entry => [h('span.nowrap.mono', time(entry.timestamp)),
        entry.event.replace(/^server_/, '').replaceAll('_', ' '), entry.message, entry.actor,
        count(entry.sequence)]), {empty: 'Nothing has happened yet.'}));
    this.#operations.replaceChildren(table(
      [['Decided'], ['Command'], ['Outcome'], ['By'], ['Operation']],
      operations.map(operation => [h('span.nowrap.mono', time(operation.decided_at)),
        operation.type, this.#outcome(operation), operation.actor,
        h('span.mono', operation.id)]), {empty: 'Nobody has asked for anything.'}));
  }

  #outcome({status, code, detail}) {
    const kind = {SUCCEEDED: 'good', PENDING: 'soft'}[status] ?? 'bad';
    return h('div', h(`span.status.s-${kind}`, word(status).replace('_', ' ')),
      code && h('div.small.soft', detail ?? code));
  }

  #tick() {
    if (!this.#at && this.server) this.#drawFacts(this.server);
  }

  #drawFacts(server, at) {
    const now = at ?? clock.now();
    const about = iso => iso && `${time(iso)}, ${relative(iso, now)}`;
    const tags = Object.entries(server.tags).map(([name, value]) =>
      h('span.badge', `${name}=${value}`));
    this.#factsTitle.textContent = at ? `As it was at ${time(iso(at))}` : 'Now';
    this.#facts.replaceChildren(...[
      fact('Status', h('span', {class: statusClass(look(server))}, word(look(server)))),
      fact('Id', server.id, true), fact('Address', server.ip, true),
      fact('Region', server.region), fact('Type', server.type), fact('Profile', server.profile),
      fact('Account', server.account === 'default' ? '' : server.account),
      fact('Tags', tags.length ? tags : ''),
      fact('Created', about(server.created_at)),
      fact('Last started', about(server.last_started_at)),
      fact('Changed', about(server.updated_at)), fact('Next', about(server.due_at)),
      fact('Lease ends', about(server.expires_at)), fact('Version', String(server.version)),
    ].filter(Boolean).flat());
    this.#bill.replaceChildren(...[
      fact('Price', server.hourly_rate === null ? '' : `${money(server.hourly_rate)} an hour`),
      fact('Billed time', `${duration(server.live_uptime_seconds)} ` +
        `(${count(server.live_uptime_seconds)} s)`),
      fact('Cost', h('b', money(server.live_cost, 6))),
      fact('Of it booked', `${money(server.accrued_cost, 6)}, up to the region’s last watermark`),
    ].filter(Boolean).flat());
  }

  /** Asks while the handle is dragged, but not for each step of it. */
  #asOf(at) {
    this.#at = at;
    clearTimeout(this.#dragged);
    if (!at) return this.#drawFacts(this.server);
    this.#dragged = setTimeout(async () => {
      try {
        const then = await get(`/servers/${this.id}`, {at: iso(at)}, this.signal);
        if (this.#at === at) this.#drawFacts(then, at);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.#factsTitle.textContent = error.message;
      }
    }, dragMs);
  }

  #drawNote() {
    const note = notes.get(this.id);
    this.#said.textContent = note?.text ?? '';
    this.#said.className = 'small said ' + (note?.kind ?? '');
  }

  #extendLease() {
    send(this.id, 'lease', 'POST', `/servers/${this.id}/lease`, {extend_seconds: 3600})
      .then(() => this.#refresh());
  }
}

export async function showServer(page) {
  await new ServerPage(page).start();
}
