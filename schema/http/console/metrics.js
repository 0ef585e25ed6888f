// The metrics of the API, read out of the text that Prometheus reads.

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** [{name, labels, value}] */
export function parseMetrics(text) {
  const samples = [];
  for (const row of text.split('\n')) {
    const match = row.startsWith('#') ? null : line.exec(row);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(label)) labels[name] = value;
    samples.push({name: match[1], labels, value: Number(match[3])});
  }
  return samples;
}

export const sumOf = (samples, name, fits = () => true) => samples
  .filter(sample => sample.name === name && fits(sample.labels))
  .reduce((sum, sample) => sum + sample.value, 0);

/** Below which bound this share of the observations between two readings lies; undefined without
    any. */
export function quantile(before, after, name, share, fits = () => true) {
  const counts = new Map();
  for (const [samples, sign] of [[after, 1], [before, -1]]) {
    for (const {name: found, labels, value} of samples) {
      if (found !== name + '_bucket' || !fits(labels)) continue;
      counts.set(labels.le, (counts.get(labels.le) ?? 0) + sign * value);
    }
  }
  const all = counts.get('+Inf') ?? 0;
  if (!all) return undefined;
  const bounds = [...counts.keys()].filter(le => le !== '+Inf').map(Number).sort((a, b) => a - b);
  const written = new Map([...counts].map(([le, n]) => [Number(le), n]));
  return bounds.find(bound => written.get(bound) >= all * share) ?? bounds.at(-1);
}
