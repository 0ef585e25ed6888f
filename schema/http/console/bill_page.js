// The bill of a month: bars a day, stacked by region, type or account, and a table that adds up.

import {each, get, headersOf, url} from './api.js';
import {h, select, table} from './dom.js';
import {clock} from './sim_clock.js';
import {stackedBars} from './charts.js';
import {count, iso, money, time} from './format.js';

const dayMs = 86_400_000;
const groups = ['region', 'type', 'account'];
const rateSecondsOfADollar = 36_000_000;
const digits = 4;

/** "2026-11" as its first instant and that of the next month. */
function windowOf(month) {
  const [year, number] = month.split('-').map(Number);
  return [Date.UTC(year, number - 1), Date.UTC(year, number)];
}

/** Rounds cells so that they add up to the rounded sum of them all: each is the difference of two
    rounded running sums. `rows` holds exact rate-seconds. */
export function roundedCosts(rows) {
  const unit = rateSecondsOfADollar / 10 ** digits;
  let sum = 0;
  let rounded = 0;
  return rows.map(row => row.map(exact => {
    sum += exact;
    const next = Math.round(sum / unit);
    const cost = next - rounded;
    rounded = next;
    return cost;
  }));
}

/** On an axis: no more digits than it takes. */
const write = usd => '$' + Number(usd.toPrecision(6)).toLocaleString('en',
  {minimumFractionDigits: usd >= 1 && usd % 1 ? 2 : 0, maximumFractionDigits: 4});

const shown = units => money(units / 10 ** digits, digits);
const total = cells => cells.reduce((a, b) => a + b, 0);

class BillPage {
  #body = h('div.stack');
  #said = h('span.soft.small', {role: 'status'});
  #asked = 0;

  constructor({main, query, signal}) {
    this.signal = signal;
    this.month = query.get('month') ?? iso(clock.now()).slice(0, 7);
    this.group = groups.includes(query.get('group')) ? query.get('group') : 'region';
    main.append(h('div.head', h('h1', 'Bill'), h('div.row',
      this.#said,
      h('button', {onclick: () => this.#move(-1), 'aria-label': 'The month before'}, '←'),
      this.picker = h('input', {type: 'month', value: this.month, 'aria-label': 'Month',
        onchange: event => event.target.value && this.#choose({month: event.target.value})}),
      h('button', {onclick: () => this.#move(1), 'aria-label': 'The month after'}, '→'),
      select({'aria-label': 'Stacked by', onchange: event =>
        this.#choose({group: event.target.value})},
      groups.map(group => [group, `by ${group}`]), this.group),
      h('button', {onclick: () => this.#download()}, 'CSV'))),
    this.#body);
  }

  #move(by) {
    const [year, number] = this.month.split('-').map(Number);
    this.#choose({month: iso(Date.UTC(year, number - 1 + by)).slice(0, 7)});
  }

  #choose(given) {
    Object.assign(this, given);
    this.picker.value = this.month;
    history.replaceState(null, '', `#/bill?month=${this.month}&group=${this.group}`);
    this.show();
  }

  /** A bill a day, since one is grouped by one thing only; days to come have none. */
  async show() {
    const asked = ++this.#asked;
    this.#said.textContent = 'adding up …';
    const [from, to] = windowOf(this.month);
    try {
      const whole = await get('/billing', {from: iso(from), to: iso(to), group_by: this.group},
        this.signal);
      const end = Math.min(to, Date.parse(whole.as_of));
      const days = [];
      for (let at = from; at < end; at += dayMs) days.push({at, to: Math.min(at + dayMs, end)});
      // The whole of a window that is past is asked for once; its days only where there is a cost.
      if (whole.total.rate_seconds > 0) {
        await each(days, async day => {
          const query = {from: iso(day.at), to: iso(day.to), group_by: this.group};
          day.items = (await get('/billing', query, this.signal)).items;
        });
      }
      if (asked === this.#asked) this.#draw(whole, days);
    } catch (error) {
      if (this.signal.aborted || asked !== this.#asked) return;
      const early = error.code === 'invalid_request';
      this.#body.replaceChildren(h(early ? 'p.note' : 'p.note.bad', {role: 'alert'},
        early ? 'This month has not begun yet.' : error.message));
      this.#said.textContent = '';
    }
  }

  #draw(whole, days) {
    const names = whole.items.map(item => item[this.group]);
    if (!names.length) {
      this.#body.replaceChildren(h('p.note', 'Nothing was billed in this month.'));
      this.#said.textContent = '';
      return;
    }
    const exact = days.map(day => names.map(name =>
      day.items?.find(item => item[this.group] === name)?.rate_seconds ?? 0));
    const costs = roundedCosts(exact);
    const billed = days.filter((_, i) => total(exact[i]) > 0);
    const sums = names.map((_, k) => total(costs.map(row => row[k])));
    const label = day => iso(day.at).slice(8, 10);
    const bars = days.map((day, i) => ({label: label(day), title: iso(day.at).slice(0, 10),
      parts: costs[i].map(units => units / 10 ** digits)}));
    const ended = Date.parse(whole.to) === windowOf(this.month)[1];
    this.#said.textContent = ended && whole.final_until >= whole.to ? 'final'
      : `up to ${time(whole.to)}`;
    this.#body.replaceChildren(
      h('div.figures',
        this.#figure('Total', shown(total(sums))),
        this.#figure('Billed', count(Math.round(whole.total.billed_seconds / 3600)) +
          ' server-hours'),
        this.#figure('A day', shown(Math.round(total(sums) / Math.max(1, billed.length))))),
      h('div.bill',
        h('section.card', stackedBars(bars, names, write)),
        h('section.card', table([['Day'], ...names.map(name => [name, 'number']),
          ['Total', 'number']],
        days.map((day, i) => [iso(day.at).slice(0, 10), ...costs[i].map(shown),
          h('b', shown(total(costs[i])))]).filter((_, i) => total(exact[i]) > 0),
        {foot: ['Total', ...sums.map(shown), shown(total(sums))]}))));
  }

  #figure(name, value) {
    return h('div.card.figure', h('div.title', name), h('p', value));
  }

  /** As the API writes it. */
  async #download() {
    const [from, to] = windowOf(this.month);
    const query = {from: iso(from), to: iso(to), group_by: this.group};
    const answer = await fetch(url('/billing', query), {headers: headersOf({Accept: 'text/csv'})});
    const link = h('a', {href: URL.createObjectURL(await answer.blob()),
      download: `vsim-${this.month}-${this.group}.csv`});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

export async function showBill(page) {
  if (!clock.document) await clock.ask(page.signal);
  await new BillPage(page).show();
}
