// Whether all is well: readiness with its reasons, how far behind the read models are, and how the
// API does, since this page was opened.

import {call, get} from './api.js';
import {h, repeat, table} from './dom.js';
import {sparkline} from './charts.js';
import {parseMetrics, quantile, sumOf} from './metrics.js';
import {count, relative} from './format.js';
import {clock} from './sim_clock.js';

const lookMs = 2000;
const slots = 90;
const slotsAtFirst = 20;

const isWrite = labels => labels.method !== 'GET';
const isRead = labels => labels.method === 'GET' && labels.route.startsWith('/servers');
const milliseconds = value => value === undefined ? '–' : `${(value * 1000).toPrecision(2)} ms`;
const perSecond = value => value === undefined ? '–' : `${count(value)} / s`;
const whole = value => value === undefined ? '–' : count(value);

/** title, how the newest value is written, and how it comes of two readings. */
const charts = [
  ['Requests', perSecond, ({rate}) => rate('vsim_http_requests_total')],
  ['Errors (5xx)', perSecond,
    ({rate}) => rate('vsim_http_requests_total', labels => labels.status === '5xx')],
  ['Commands', perSecond, ({rate}) => rate('vsim_commands_published_total')],
  ['Reads of servers, p99', milliseconds, ({p99}) => p99(isRead)],
  ['Writes, p99', milliseconds, ({p99}) => p99(isWrite)],
  ['Commands waiting', whole, ({facts}) => Number(facts.commands_waiting)],
  ['Events not yet readable', whole, ({facts}) => Number(facts.projection_lag)],
  ['Connections', whole, ({sum}) => sum('vsim_http_connections')],
  ['Memory of the API', value => `${whole(value)} MB`,
    ({sum}) => sum('process_resident_memory_bytes') / 2 ** 20],
];

const factNames = {
  broker_version: 'nats-server', broker_reconnects: 'reconnects to it', log_end: 'end of the log',
  log_replicas: 'replicas of the log', commands_waiting: 'commands waiting',
  commands_in_hand: 'commands in hand', durability: 'durability',
  log_sync_interval: 'the log is synced', read_models_fsync: 'Postgres syncs',
  projected: 'events in the read models', projection_lag: 'events behind',
};

class HealthPage {
  #state = h('div');
  #facts = h('dl.facts');
  #faults = h('div');
  #charts = charts.map(([title, write, value]) => {
    const drawing = h('div');
    const number = h('p', '–');
    return {title, write, value, drawing, number, values: [],
      card: h('div.card.figure', h('div.title', title), number, drawing)};
  });
  #last;

  constructor({main, signal}) {
    this.signal = signal;
    main.append(h('div.head', h('h1', 'Health'),
      h('span.soft.small', 'since this page was opened')),
    h('section', this.#state),
    h('section.charts', this.#charts.map(({card}) => card)),
    h('div.halves', h('section.card', h('h2', 'Facts'), this.#facts),
      h('section.card', h('h2', 'Faults on purpose'), this.#faults)));
  }

  async look() {
    try {
      await Promise.all([this.#lookAtReadiness(), this.#lookAtFaults()]);
      await this.#lookAtMetrics();
    } catch (error) {
      if (!this.signal.aborted) this.#sayTrouble(['this API does not answer: ' + error.message]);
    }
  }

  /** 503 is an answer here, which `call` would take for an error. */
  async #lookAtReadiness() {
    const response = await fetch('/readyz', {signal: this.signal, cache: 'no-store'});
    this.readiness = await response.json();
    const {reasons, facts} = this.readiness;
    if (reasons.length) this.#sayTrouble(reasons);
    else {
      this.#state.replaceChildren(h('p.note', h('span.status.s-good', 'Ready: broker, workers, ' +
        'projection and Postgres do what they should')));
    }
    this.#facts.replaceChildren(...Object.entries(facts).flatMap(([name, value]) =>
      [h('dt', factNames[name] ?? name.replaceAll('_', ' ')), h('dd.mono', value)]));
  }

  #sayTrouble(reasons) {
    this.#state.replaceChildren(h('div.note.bad', {role: 'alert'},
      h('span.status.s-bad', h('b', 'Not ready')),
      h('ul', reasons.map(reason => h('li', reason)))));
  }

  async #lookAtMetrics() {
    const samples = parseMetrics((await call('GET', '/metrics', {signal: this.signal,
      headers: {Accept: 'text/plain'}})).body);
    const now = {samples, at: performance.now()};
    const before = this.#last;
    this.#last = now;
    const seconds = before ? (now.at - before.at) / 1000 : 0;
    const reading = {
      facts: this.readiness.facts,
      sum: (name, fits) => sumOf(samples, name, fits),
      rate: (name, fits) => before &&
        Math.max(0, sumOf(samples, name, fits) - sumOf(before.samples, name, fits)) / seconds,
      p99: fits => before &&
        quantile(before.samples, samples, 'vsim_http_request_seconds', 0.99, fits),
    };
    for (const chart of this.#charts) {
      chart.values.push(chart.value(reading));
      if (chart.values.length > slots) chart.values.shift();
      const newest = chart.write(chart.values.at(-1));
      chart.number.textContent = newest;
      chart.drawing.replaceChildren(
        sparkline(chart.values, Math.max(slotsAtFirst, chart.values.length),
          `${chart.title}, now ${newest}`));
    }
  }

  async #lookAtFaults() {
    const {rules} = await get('/faults', {}, this.signal);
    const effect = rule => rule.cut ? 'connection cut' : rule.status ? `answered ${rule.status}`
      : `${rule.delay_seconds} s late`;
    const share = rule => rule.every ? `every ${rule.every}.`
      : `${Math.round(rule.probability * 100)} %`;
    this.#faults.replaceChildren(
      table([['Rule'], ['Route'], ['Of requests'], ['What happens'], ['Ends']], rules.map(rule =>
        [rule.name ?? rule.number, rule.route ?? 'all', share(rule), effect(rule),
          rule.until ? relative(rule.until, clock.now()) : 'when lifted']),
      {empty: 'None: all requests are answered as they should be.'}),
      ...(rules.length ? [h('div.row', h('button', {onclick: () => this.#liftFaults()},
        'Lift them all'))] : []));
  }

  async #liftFaults() {
    try {
      await call('DELETE', '/faults');
      await this.#lookAtFaults();
    } catch (error) {
      this.#faults.append(h('p.bad', {role: 'alert'}, error.message));
    }
  }
}

export async function showHealth(page) {
  const health = new HealthPage(page);
  await repeat(page.signal, lookMs, () => health.look());
}
