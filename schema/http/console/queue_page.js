// The queue: what waits, what was taken out of it, and what to type to change that. Only an
// operator's tools may purge or pause, so the page shows their commands and sends none.

import {get} from './api.js';
import {h, repeat, table} from './dom.js';
import {clock} from './sim_clock.js';
import {count, duration, relative, time, word} from './format.js';

const lookMs = 2000;

/** A command to type, with a button that copies it. */
function typed(command) {
  const button = h('button.small.plain', {onclick: async () => {
    await navigator.clipboard?.writeText(command).catch(() => {});
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  }, 'aria-label': `Copy ${command}`}, 'Copy');
  return h('div.typed', h('code', {tabindex: '0'}, command), button);
}

const topics = [
  ['Look', 'nats stream info COMMANDS --state', 'nats stream subjects COMMANDS',
    'nats consumer info COMMANDS commands', 'vsimctl status'],
  ['Pause the workers, and let them go on', 'nats consumer pause COMMANDS commands 10m -f',
    'nats consumer resume COMMANDS commands -f'],
  ['Purge one region, or everything',
    "nats stream purge COMMANDS --subject 'vsim.cmd.us-east-1.*' -f",
    'nats stream purge COMMANDS -f'],
  ['Put back what was purged', 'vsimctl journal replay --purged --dry-run',
    'vsimctl journal replay --purged'],
  ['Dead letters', 'vsimctl dlq list', 'vsimctl dlq replay --all --dry-run',
    'vsimctl dlq replay --all'],
];

const link = operation => operation.server_id
  ? h('a.mono', {href: `#/servers/${operation.server_id}`}, operation.server_id.slice(0, 8))
  : '';

class QueuePage {
  #figures = h('div.figures');
  #waiting = h('div');
  #taken = h('div');
  #trouble = h('p.note.bad', {role: 'alert', hidden: true});

  constructor({main, signal}) {
    this.signal = signal;
    main.append(h('div.head', h('h1', 'Queue')), this.#trouble,
      h('section', this.#figures),
      h('section.card', h('h2', 'Waiting'), this.#waiting),
      h('section.card', h('h2', 'Purged and dead-lettered'), this.#taken),
      h('section.card', h('h2', 'For operators, to type after . .run/env'),
        h('p.soft.small', 'The API may not do these. What they mean and when to use them is in ' +
          'ops/runbook.md.'),
        h('div.topics', topics.map(([title, ...commands]) =>
          h('div', h('h3', title), commands.map(typed))))));
  }

  async look() {
    try {
      const list = status => get('/operations', {status, limit: 50}, this.signal);
      const [response, pending, purged, dead] = await Promise.all([
        fetch('/readyz', {signal: this.signal, cache: 'no-store'}),
        list('PENDING'), list('PURGED'), list('DEAD_LETTERED')]);
      const {facts} = await response.json();
      this.#draw(facts, pending.items, [...purged.items, ...dead.items]);
      this.#trouble.hidden = true;
    } catch (error) {
      if (this.signal.aborted) return;
      this.#trouble.hidden = false;
      this.#trouble.textContent = error.message;
    }
  }

  #draw(facts, pending, taken) {
    const figure = (name, value, kind = '') =>
      h('div.card.figure', h('div.title', name), h('p', {class: kind}, value));
    const paused = facts.commands_paused_until;
    this.#figures.replaceChildren(
      figure('Waiting', count(Number(facts.commands_waiting ?? 0))),
      figure('The oldest waits for', facts.oldest_command_seconds === undefined ? '–'
        : duration(Number(facts.oldest_command_seconds))),
      figure('In hand', count(Number(facts.commands_in_hand ?? 0))),
      figure('Workers', paused ? `paused until ${time(paused)}` : 'take commands',
        paused ? 'bad' : 'good'));
    this.#waiting.replaceChildren(table(
      [['Place', 'number'], ['Command'], ['Region'], ['Server'], ['By'], ['To take it out']],
      pending.map(operation => [operation.command_sequence, operation.type, operation.region,
        link(operation), operation.actor,
        typed(`nats stream rmm COMMANDS ${operation.command_sequence} -f`)]),
      {empty: 'Nothing waits.'}));
    taken.sort((a, b) => a.decided_at < b.decided_at ? 1 : -1);
    this.#taken.replaceChildren(table(
      [['When'], ['What became of it'], ['Command'], ['Server'], ['Why'], ['By']],
      taken.map(operation => [
        h('span.nowrap', {title: time(operation.decided_at)},
          relative(operation.decided_at, clock.now())),
        h('span.status.s-bad', word(operation.status).replace('_', '-')), operation.type,
        link(operation), operation.detail ?? operation.code ?? '', operation.actor]),
      {empty: 'None.'}));
  }
}

export async function showQueue(page) {
  const queue = new QueuePage(page);
  await repeat(page.signal, lookMs, () => queue.look());
}
