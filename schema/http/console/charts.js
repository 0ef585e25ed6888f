// Charts of our own, in SVG: a line over time, and bars of stacked parts.

import {h, svg} from './dom.js';

const hues = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];

export const hueOf = i => hues[i % hues.length];

/** Values over time, the newest at the right; undefined where nothing is known. */
export function sparkline(values, slots, label) {
  const [width, height] = [240, 48];
  const most = Math.max(...values.filter(value => value !== undefined), 1e-9);
  const x = i => (slots - values.length + i) / (slots - 1) * width;
  const y = value => height - 2 - value / most * (height - 6);
  let path = '';
  values.forEach((value, i) => {
    if (value === undefined) return;
    path += `${values[i - 1] === undefined ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  const first = values.findIndex(value => value !== undefined);
  const area = path && `${path}L${width} ${height}L${x(first).toFixed(1)} ${height}Z`;
  return svg('svg.spark', {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none',
    role: 'img', 'aria-label': label},
  area && svg('path.area', {d: area}), path && svg('path.stroke', {d: path}));
}

/** A step that is easy to read, so that some four lines lie below the greatest value. */
function stepFor(most) {
  const raw = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= raw);
}

/** bars: [{label, title, parts: [number, ...]}], parts in the order of `names`. */
export function stackedBars(bars, names, write) {
  const [left, height, foot] = [58, 220, 24];
  const width = 560;
  const sum = bar => bar.parts.reduce((a, b) => a + b, 0);
  const most = Math.max(...bars.map(sum), 0);
  const step = stepFor(most);
  const top = Math.max(step, Math.ceil(most / step) * step);
  const y = value => height - value / top * (height - 8);
  const slot = (width - left) / Math.max(bars.length, 1);
  const every = Math.ceil(bars.length * 40 / (width - left));
  const lines = [];
  for (let value = 0; value <= top * 1.001; value += step) {
    lines.push(svg('line.grid', {x1: left, x2: width, y1: y(value), y2: y(value)}),
      svg('text', {x: left - 8, y: y(value) + 4, 'text-anchor': 'end'}, write(value)));
  }
  const drawn = bars.map((bar, i) => {
    let base = 0;
    const x = left + i * slot + slot * 0.12;
    const parts = bar.parts.map((part, k) => {
      const rect = svg(`rect.${hueOf(k)}`, {x, width: slot * 0.76, y: y(base + part),
        height: Math.max(0, y(base) - y(base + part))},
      svg('title', `${bar.title}, ${names[k]}: ${write(part)}`));
      base += part;
      return rect;
    });
    return [parts, i % every === 0 && svg('text', {x: x + slot * 0.38, y: height + 16,
      'text-anchor': 'middle'}, bar.label)];
  });
  return h('div.chart', svg('svg', {viewBox: `0 0 ${width} ${height + foot}`, role: 'img',
    'aria-label': 'Bars, the same figures as in the table'}, lines, drawn),
  h('div.row.legend', names.map((name, i) => h(`span.key.${hueOf(i)}`, name))));
}
