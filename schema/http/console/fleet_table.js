// The fleet as a table. Only the rows in sight are elements, so that ten thousand servers cost no
// more than thirty.

import {h} from './dom.js';
import {iconButton} from './icons.js';
import {actions, act, notes} from './operations.js';
import {clock} from './sim_clock.js';
import {look, money, relative, statusClass, word} from './format.js';

const spare = 6;
const narrow = matchMedia('(max-width: 860px)');
const rowHeight = () => narrow.matches ? 64 : 36;

const columns = [
  ['status', 'Status', server => server.status],
  ['name', 'Name', server => server.name],
  ['type', 'Type', server => server.type],
  ['region', 'Region', server => server.region],
  ['ip', 'Address', server => (server.ip ?? '').split('.').map(part => part.padStart(3)).join('.')],
  ['changed', 'Changed', server => server.updated_at ?? ''],
  ['cost', 'Cost', server => server.live_cost],
];

export class FleetTable {
  selected = new Set();
  #servers = [];
  #sort = {column: 'changed', down: true};
  #rows = h('div.rows');
  #box = h('div.viewport', {tabindex: '0', role: 'rowgroup', 'aria-label': 'Servers'}, this.#rows);
  #none = h('p.none.soft', 'No server is like that.');
  #all = h('input', {type: 'checkbox', 'aria-label': 'Select all that are listed',
    onchange: () => this.#selectAll()});
  #head = h('div.line.titles', {role: 'row'});
  #shown = new Map();
  #frame = 0;
  #onSelect;

  constructor({signal, onSelect}) {
    this.#onSelect = onSelect;
    this.element = h('div.fleet-table', {role: 'table', 'aria-label': 'Fleet'},
      h('div', {role: 'rowgroup'}, this.#head), this.#box, this.#none);
    this.#drawTitles();
    this.#box.addEventListener('scroll', () => this.#later(), {signal});
    window.addEventListener('resize', () => this.#later(), {signal});
    notes.addEventListener('change', () => this.#later(), {signal});
    const timer = setInterval(() => this.#later(), 1000);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  show(servers) {
    const {column, down} = this.#sort;
    const value = columns.find(([name]) => name === column)[2];
    const sign = down ? -1 : 1;
    const order = (a, b) => a < b ? -sign : a > b ? sign : 0;
    this.#servers = servers.sort((a, b) =>
      order(value(a), value(b)) || order(a.id, b.id));
    this.element.setAttribute('aria-rowcount', servers.length + 1);
    this.#later();
  }

  clearSelection() {
    this.selected.clear();
    this.#onSelect();
    this.#later();
  }

  #selectAll() {
    const chosen = this.#all.checked;
    for (const server of this.#servers) {
      if (chosen) this.selected.add(server.id);
      else this.selected.delete(server.id);
    }
    this.#onSelect();
    this.#later();
  }

  #drawTitles() {
    const title = ([name, text]) => {
      const {column, down} = this.#sort;
      const sorted = column === name;
      return h(`div.c-${name}`, {role: 'columnheader',
        'aria-sort': sorted ? (down ? 'descending' : 'ascending') : 'none'},
      h('button.plain.small', {onclick: () => this.#sortBy(name)},
        text, sorted ? (down ? ' ↓' : ' ↑') : ''));
    };
    this.#head.replaceChildren(h('div.pick', {role: 'columnheader'}, this.#all),
      ...columns.map(title), h('div.acts', {role: 'columnheader'},
        h('span.soft.small', 'Actions and what became of them')));
  }

  #sortBy(name) {
    const down = this.#sort.column === name ? !this.#sort.down : name === 'changed';
    this.#sort = {column: name, down};
    this.#drawTitles();
    this.show(this.#servers);
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
  }

  #draw() {
    const height = rowHeight();
    const first = Math.max(0, Math.floor(this.#box.scrollTop / height) - spare);
    const last = Math.min(this.#servers.length,
      Math.ceil((this.#box.scrollTop + this.#box.clientHeight) / height) + spare);
    this.#rows.style.height = this.#servers.length * height + 'px';
    this.#none.hidden = this.#servers.length > 0;
    const chosen = this.#servers.reduce((n, server) => n + this.selected.has(server.id), 0);
    this.#all.checked = chosen > 0 && chosen === this.#servers.length;
    this.#all.indeterminate = chosen > 0 && chosen < this.#servers.length;
    const kept = new Map();
    for (let i = first; i < last; ++i) {
      const server = this.#servers[i];
      const row = this.#shown.get(server.id) ?? this.#makeRow(server.id);
      row.element.style.transform = `translateY(${i * height}px)`;
      row.fill(server);
      if (!row.element.isConnected) this.#rows.append(row.element);
      kept.set(server.id, row);
    }
    for (const [id, row] of this.#shown) {
      if (!kept.has(id)) row.element.remove();
    }
    this.#shown = kept;
  }

  #makeRow(id) {
    const cell = name => h(`div.c-${name}`, {role: 'cell'});
    const cells = Object.fromEntries(columns.map(([name]) => [name, cell(name)]));
    const link = h('a', {href: `#/servers/${id}`});
    cells.name.append(link);
    const state = h('span');
    cells.status.append(state);
    const box = h('input', {type: 'checkbox', onchange: () => this.#select(id, box.checked)});
    const said = h('span.said', {role: 'status'});
    const buttons = actions.map(action => iconButton(action, () => act(id, action)));
    const element = h('div.line', {role: 'row'}, h('div.pick', {role: 'cell'}, box),
      ...Object.values(cells), h('div.acts', {role: 'cell'}, h('span.icons', buttons), said));
    const fill = server => {
      box.checked = this.selected.has(id);
      element.classList.toggle('chosen', box.checked);
      put(link, server.name);
      box.setAttribute('aria-label', `Select ${server.name}`);
      state.className = statusClass(look(server));
      put(state, word(look(server)));
      put(cells.type, server.type);
      put(cells.region, server.region);
      put(cells.ip, server.ip ?? '');
      put(cells.changed, server.updated_at ? relative(server.updated_at, clock.now()) : '');
      put(cells.cost, money(server.live_cost, server.live_cost < 100 ? 4 : 2));
      const note = notes.get(id);
      put(said, note?.text ?? '');
      said.className = 'said ' + (note?.kind ?? '');
      said.title = note?.text ?? '';
    };
    return {element, fill};
  }

  #select(id, chosen) {
    if (chosen) this.selected.add(id);
    else this.selected.delete(id);
    this.#onSelect();
    this.#later();
  }
}

/** Only what differs is written: a text that is written is laid out anew. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
