// Simulated time: what it is, how fast it runs, and how to move it on.

import {call, get} from './api.js';
import {h} from './dom.js';
import {clock} from './sim_clock.js';
import {fleet} from './fleet_store.js';
import {duration, iso, time, relative} from './format.js';

const advances = [['10 minutes', 600], ['1 hour', 3600], ['1 day', 86400], ['30 days', 2592000]];
const scales = [1, 60, 3600, 86400];
const lookMs = 300;

class ClockPage {
  #now = h('p.now');
  #scale = h('p.soft');
  #applied = h('p.soft');
  #said = h('p', {role: 'status'});
  #bar = h('progress', {max: 1, value: 0, hidden: true, 'aria-label': 'Deadlines applied'});
  #next = h('button', {onclick: () => this.#toNext()}, 'To the next deadline');
  #nextAt = h('p.soft.small');
  #buttons = [];

  constructor({main, signal}) {
    this.signal = signal;
    const seconds = h('input', {type: 'number', min: 0, max: 315576000, value: 600,
      'aria-label': 'Seconds'});
    const factor = h('input', {type: 'number', min: 0.000001, max: 1000000, step: 'any',
      value: clock.scale, 'aria-label': 'Scale'});
    const button = (text, onclick, name = 'button') => {
      const made = h(name, {onclick}, text);
      this.#buttons.push(made);
      return made;
    };
    this.#buttons.push(this.#next);
    main.append(
      h('div.head', h('h1', 'Clock')),
      h('section.card.clock-now', this.#now, this.#scale, this.#applied),
      h('section.card', h('h2', 'Move time on'),
        h('p.soft.small', 'All that falls due on the way happens at its own time. ' +
          'Time cannot be moved back.'),
        h('div.row.choices', advances.map(([text, by]) =>
          button(text, () => this.#advance(by))), this.#next,
        h('span.row', seconds, button('seconds', () => this.#advance(Number(seconds.value))))),
        this.#nextAt, this.#bar, this.#said),
      h('section.card', h('h2', 'Scale'),
        h('p.soft.small', 'Simulated seconds a second.'),
        h('div.row.choices', scales.map(scale =>
          button(`× ${scale}`, () => this.#rescale(scale))),
        h('span.row', factor, button('Set', () => this.#rescale(Number(factor.value)))))));
    const timer = setInterval(() => this.#tick(), 200);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.#tick();
  }

  /** Of what the page knows: the deadlines of the servers that live. */
  #nextDeadline() {
    let next = Infinity;
    for (const {due_at, expires_at, interruption_at, status} of fleet.servers.values()) {
      if (status === 'TERMINATED') continue;
      for (const at of [due_at, expires_at, interruption_at]) {
        if (at) next = Math.min(next, Date.parse(at));
      }
    }
    return next;
  }

  #tick() {
    const now = clock.now();
    this.#now.textContent = time(iso(now)) + ' UTC';
    this.#scale.textContent = clock.scale === 1 ? 'as fast as real time'
      : `${clock.scale} simulated seconds a second`;
    const applied = clock.document?.deadlines_applied;
    this.#applied.textContent = applied ? `deadlines applied up to ${time(applied)}` : '';
    const next = this.#nextDeadline();
    this.#next.disabled = this.busy || next === Infinity || next <= now;
    this.#nextAt.textContent = next === Infinity ? 'No server has a deadline.'
      : `The next deadline is ${relative(iso(next), now)}, at ${time(iso(next))}.`;
  }

  #toNext() {
    this.#advance(Math.max(0, (this.#nextDeadline() - clock.now()) / 1000 + 0.001));
  }

  async #advance(seconds) {
    await clock.ask(this.signal);
    const from = clock.now();
    await this.#change({advance_seconds: Number(seconds.toFixed(3))}, from, from + seconds * 1000,
      `moved on by ${duration(seconds)}`);
  }

  #rescale(scale) {
    return this.#change({scale}, clock.now(), clock.now(), `the scale is ${scale}`);
  }

  #lock(busy) {
    this.busy = busy;
    for (const button of this.#buttons) button.disabled = busy;
  }

  /** Sends it, and shows meanwhile how far the deadlines are. */
  async #change(body, from, to, done) {
    this.#lock(true);
    this.#said.className = '';
    this.#said.textContent = 'applying what falls due …';
    const looking = this.#watch(from, to);
    try {
      const answer = await call('POST', '/clock', {body, headers: {Prefer: 'wait=60'}});
      if (answer.status === 202) await this.#arrive(to);
      else clock.take(answer.body);
      this.#said.textContent = done;
    } catch (error) {
      this.#said.className = 'bad';
      this.#said.textContent = error.message;
    }
    clearInterval(looking);
    this.#bar.hidden = true;
    this.#lock(false);
  }

  #watch(from, to) {
    this.#bar.hidden = to <= from;
    this.#bar.value = 0;
    return setInterval(async () => {
      const {deadlines_applied: applied} = await get('/clock', {}, this.signal).catch(() => ({}));
      if (applied) this.#bar.value = (Date.parse(applied) - from) / (to - from);
    }, lookMs);
  }

  async #arrive(to) {
    for (;;) {
      await clock.ask(this.signal);
      if (Date.parse(clock.document.deadlines_applied) >= to) return;
      await new Promise(done => setTimeout(done, lookMs));
    }
  }
}

export async function showClock(page) {
  if (!clock.document) await clock.ask(page.signal);
  new ClockPage(page);
}
