// A server's life on a line: its statuses as stretches, commands as marks. Short stretches are
// drawn wider than they are, or a boot of seconds would not be seen beside a month.

import {h, svg} from './dom.js';
import {duration, iso, time, word} from './format.js';

const widthMin = 300;
const height = 64;
const bar = {top: 22, height: 26};
const narrowest = 9;
const steps = 2000;

const statusAfter = {
  server_provisioning: 'PENDING', server_starting: 'PENDING',
  server_started: 'RUNNING', server_rebooted: 'RUNNING', server_recovered: 'RUNNING',
  server_impaired: 'IMPAIRED', server_rebooting: 'REBOOTING', server_stopping: 'STOPPING',
  server_stopped: 'STOPPED', server_failed: 'FAILED', server_terminating: 'TERMINATING',
  server_terminated: 'TERMINATED',
};

/** The log, oldest entry first, as stretches of one status: {status, from, to}. An entry whose
    event does not say what the server is afterwards bears its `status`. */
export function stretchesOf(log, now) {
  const stretches = [];
  for (const entry of log) {
    const status = entry.status ?? statusAfter[entry.event];
    const last = stretches.at(-1);
    if (!status || status === last?.status) continue;
    const at = Date.parse(entry.timestamp);
    if (last) last.to = at;
    stretches.push({status, from: at, to: at});
  }
  const end = stretches.at(-1);
  if (end) end.to = Math.max(now, end.from);
  if (end?.status === 'TERMINATED' && stretches.length > 1) {
    const lived = end.from - stretches[0].from;
    end.to = Math.min(end.to, end.from + Math.max(lived / 20, 1000));
  }
  return stretches;
}

/** Where each moment lies on the line, and which moment each place is. */
function scaleOf(stretches, width) {
  const spans = stretches.map(({from, to}) => Math.max(to - from, 1));
  const sum = spans.reduce((a, b) => a + b, 0);
  const spare = Math.max(0, width - narrowest * spans.length);
  const widths = spans.map(span => narrowest + span / sum * spare);
  const fit = width / widths.reduce((a, b) => a + b, 0);
  let x = 0;
  const parts = stretches.map((stretch, i) => {
    const part = {...stretch, x, width: widths[i] * fit};
    x += part.width;
    return part;
  });
  const partAt = (value, begin) => parts.findLast(part => begin(part) <= value) ?? parts[0];
  return {
    parts,
    place(at) {
      const part = partAt(at, part => part.from);
      const share = Math.min(1, Math.max(0, (at - part.from) / Math.max(part.to - part.from, 1)));
      return part.x + share * part.width;
    },
    moment(x) {
      const part = partAt(x, part => part.x);
      return part.from + Math.min(1, (x - part.x) / part.width) * (part.to - part.from);
    },
  };
}

function drawStretch(part) {
  const text = `${word(part.status)} for ${duration((part.to - part.from) / 1000)}, ` +
    `from ${time(iso(part.from))}`;
  return svg(`rect.s-${part.status}`, {x: part.x, y: bar.top, height: bar.height,
    width: Math.max(1, part.width - 1)}, svg('title', text));
}

function drawMark(entry, scale) {
  const x = scale.place(Date.parse(entry.timestamp));
  const refused = entry.event.startsWith('command_');
  return svg(refused ? 'path.mark.refused' : 'path.mark', {d: `M${x} ${bar.top - 3}l-5 -10h10z`},
    svg('title', `${time(entry.timestamp)}: ${entry.message} (${entry.actor})`));
}

/** The line, and below it a slider that picks a moment. `onMoment` gets milliseconds, or nothing
    for now, which is the slider's right end. */
export class Timeline {
  element = h('div.timeline');
  #scale;
  #width = widthMin;
  #shown;
  #hand = svg('line.hand', {y1: bar.top - 4, y2: bar.top + bar.height + 4});
  #slider = h('input', {type: 'range', min: 0, max: steps, value: steps,
    'aria-label': 'The server as it was at'});
  #ends = h('div.row.between.soft.small');
  #drawing = h('div');

  constructor({onMoment}) {
    this.#slider.addEventListener('input', () => {
      const atEnd = Number(this.#slider.value) === steps;
      this.#moveHand();
      onMoment(atEnd ? undefined : this.#scale.moment(this.#slider.value / steps * this.#width));
    });
    this.element.append(this.#drawing, this.#slider, this.#ends);
    new ResizeObserver(() => this.#shown && this.show(...this.#shown)).observe(this.element);
  }

  /** Back to now. */
  reset() {
    this.#slider.value = steps;
    this.#moveHand();
  }

  show(log, now) {
    this.#shown = [log, now];
    this.#width = Math.max(widthMin, this.element.clientWidth);
    const stretches = stretchesOf(log, now);
    if (!stretches.length) return;
    this.#scale = scaleOf(stretches, this.#width);
    const {parts} = this.#scale;
    const asked = log.filter(entry => entry.operation_id);
    this.#drawing.replaceChildren(svg('svg', {viewBox: `0 0 ${this.#width} ${height}`,
      role: 'img', 'aria-label': 'Its life: ' +
        parts.map(part => word(part.status)).join(', ')},
    parts.map(drawStretch), asked.map(entry => drawMark(entry, this.#scale)), this.#hand));
    const end = parts.at(-1);
    this.#ends.replaceChildren(h('span', time(iso(parts[0].from))),
      h('span', end.status === 'TERMINATED' ? 'terminated ' + time(iso(end.from)) : 'now'));
    this.#moveHand();
  }

  #moveHand() {
    const x = this.#slider.value / steps * this.#width;
    this.#hand.setAttribute('x1', x);
    this.#hand.setAttribute('x2', x);
    this.#hand.classList.toggle('now', Number(this.#slider.value) === steps);
  }
}
