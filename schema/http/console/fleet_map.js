// The map: a card a region, with its servers as squares, its addresses, and what is wrong there.

import {h} from './dom.js';
import {Tiles} from './tiles.js';
import {count, look, relative, word} from './format.js';
import {clock} from './sim_clock.js';

/** What an incident does, in a line. */
export function incidentText(content) {
  const parts = [];
  if (content.outage) parts.push(`outage, running servers ${content.outage.running}`);
  if (content.capacity) parts.push('no capacity for ' + (content.capacity.types ?? []).join(', '));
  if (content.delay_factor) parts.push(`everything takes ${content.delay_factor} times as long`);
  if (content.failure_rate) parts.push(`${Math.round(content.failure_rate * 100)} % of boots fail`);
  return parts.join('; ') + (content.reason ? ` (${content.reason})` : '');
}

export class FleetMap {
  element = h('div.map');
  #cards = new Map();
  #tip = h('div.tip', {hidden: true, 'aria-hidden': 'true'});
  #signal;

  constructor({signal}) {
    this.#signal = signal;
    this.element.append(this.#tip);
  }

  /** The regions as GET /regions lists them. */
  showRegions(regions) {
    for (const region of regions) {
      const card = this.#card(region.name);
      const used = region.addresses_total - region.addresses_free;
      card.pool.textContent = `${count(used)} of ${count(region.addresses_total)} addresses`;
      const content = region.incident?.content;
      card.element.classList.toggle('troubled', Boolean(content));
      card.trouble.hidden = !content;
      if (content) {
        card.trouble.textContent = incidentText(content) +
          (content.until ? `, ends ${relative(content.until, clock.now())}` : '');
      }
    }
  }

  /** Servers by region, in the order of their birth. */
  showServers(byRegion) {
    for (const name of byRegion.keys()) this.#card(name);
    const most = Math.max(0, ...[...byRegion.values()].map(servers => servers.length));
    for (const [name, card] of this.#cards) {
      const servers = byRegion.get(name) ?? [];
      card.tiles.show(servers, most);
      card.count.textContent = count(servers.length);
      card.none.hidden = servers.length > 0;
      card.tiles.element.hidden = servers.length === 0;
    }
  }

  /** False: the server has no square yet, or not in this region. */
  update(server) {
    return this.#cards.get(server.region)?.tiles.update(server) ?? false;
  }

  #card(name) {
    const known = this.#cards.get(name);
    if (known) return known;
    const tiles = new Tiles({signal: this.#signal, onPoint: (...what) => this.#point(...what),
      onPick: server => { location.hash = `#/servers/${server.id}`; }});
    const card = {tiles, count: h('b'), pool: h('span.soft.small'),
      trouble: h('p.trouble', {hidden: true}),
      none: h('p.soft.small', 'No servers here.')};
    card.element = h('section.card.region', {'data-region': name},
      h('div.row.between', h('h2', name, ' ', card.count), card.pool),
      card.trouble, tiles.element, card.none);
    this.#cards.set(name, card);
    const after = [...this.#cards.keys()].sort().find(other => other > name);
    this.element.insertBefore(card.element, this.#cards.get(after)?.element ?? this.#tip);
    return card;
  }

  #point(server, at) {
    this.#tip.hidden = !server;
    if (!server) return;
    this.#tip.replaceChildren(h('b', server.name), ` ${word(look(server))}`,
      h('br'), h('span.soft', `${server.type}${server.ip ? ' · ' + server.ip : ''}`));
    this.#tip.style.left = Math.min(at.clientX + 12, window.innerWidth - 210) + 'px';
    this.#tip.style.top = at.clientY + 14 + 'px';
  }
}
