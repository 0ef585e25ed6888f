// How figures, times and statuses are written.

const plain = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

export const count = n => plain.format(n);

/** 0.0123 USD; as many digits as make small costs visible. */
export function money(usd, digits) {
  const shown = digits ?? (usd !== 0 && Math.abs(usd) < 1 ? 4 : 2);
  return '$' + usd.toLocaleString('en',
    {minimumFractionDigits: shown, maximumFractionDigits: shown});
}

/** 2026-11-27 23:46:41, UTC as all times here are. */
export const time = iso => iso ? iso.slice(0, 10) + ' ' + iso.slice(11, 19) : '';

export const iso = milliseconds => new Date(milliseconds).toISOString();

/** "3 d 4 h", "2.3 s": two units at most. */
export function duration(seconds) {
  const units = [['d', 86400], ['h', 3600], ['min', 60]];
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const at = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[at];
  const whole = Math.floor(seconds / size);
  const [lesser, part] = units[at + 1] ?? ['s', 1];
  const rest = Math.floor((seconds - whole * size) / part);
  return `${whole} ${unit}` + (rest ? ` ${rest} ${lesser}` : '');
}

/** How long before or after `now`, roughly: "4 min ago", "in 2 s". */
export function relative(iso, now) {
  const seconds = (Date.parse(iso) - now) / 1000;
  const long = duration(Math.round(Math.abs(seconds))).split(' ').slice(0, 2).join(' ');
  return seconds > 0 ? 'in ' + long : long + ' ago';
}

export const statuses = ['PENDING', 'RUNNING', 'REBOOTING', 'STOPPING', 'STOPPED', 'FAILED',
  'TERMINATING', 'TERMINATED'];
const moving = new Set(['PENDING', 'REBOOTING', 'STOPPING', 'TERMINATING']);

export const isMoving = status => moving.has(status);

/** What a server looks like: its status, or that it runs but is not well. */
export const look = server =>
  server.status === 'RUNNING' && server.health === 'impaired' ? 'IMPAIRED' : server.status;

export const word = name => name[0].toUpperCase() + name.slice(1).toLowerCase();

export function statusClass(look) {
  return `status s-${look}` + (moving.has(look) ? ' moving' : '');
}

const reasons = {
  user: 'somebody asked for it',
  idle_timeout: 'it was stopped for longer than its idle timeout',
  forced: 'an operator forced it',
  launch_failure: 'it failed to launch',
  interruption: 'it was interrupted, as spot servers are',
  lease_expired: 'its lease ended',
};

export const terminationReason = code => reasons[code] ?? code;
