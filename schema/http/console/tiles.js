// A region as a field of squares, one a server, coloured by what it is doing. Drawn on a canvas,
// since ten thousand elements would not stay smooth; only what has changed is drawn anew.

import {h} from './dom.js';
import {count, look, word} from './format.js';

const flashMs = 700;
const describeMs = 500;

/** Size of a square and the gap beside it, in pixels. */
function sizeFor(servers) {
  if (servers <= 150) return [16, 3];
  if (servers <= 600) return [11, 2];
  if (servers <= 2500) return [8, 1];
  return [5, 1];
}

let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  colours = new Proxy({}, {get: (known, look) =>
    known[look] ??= style.getPropertyValue('--' + look.toLowerCase()).trim()});
}

export class Tiles {
  #canvas = h('canvas', {tabindex: '0', role: 'img'});
  #servers = [];
  #place = new Map();
  #flashing = new Map();
  #columns = 1;
  #most = 0;
  #cursor = -1;
  #frame = 0;
  #described = 0;

  constructor({signal, onPick, onPoint}) {
    this.element = this.#canvas;
    this.#describe();
    readColours();
    const pick = index => this.#servers[index] && onPick(this.#servers[index]);
    const listen = (name, call) => this.#canvas.addEventListener(name, call, {signal});
    listen('click', event => pick(this.#at(event)));
    listen('pointermove', event => onPoint(this.#servers[this.#at(event)], event));
    listen('pointerleave', () => onPoint(undefined));
    listen('blur', () => this.#point(-1, onPoint));
    listen('keydown', event => this.#onKey(event, pick, onPoint));
    window.addEventListener('theme', () => { readColours(); this.draw(); }, {signal});
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.#canvas);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  /** All squares, in the order in which they are shown, as large as `most` of them may be: so they
      are of one size in all regions. */
  show(servers, most) {
    this.#most = most;
    this.#servers = servers;
    this.#place = new Map(servers.map((server, i) => [server.id, i]));
    this.#cursor = Math.min(this.#cursor, servers.length - 1);
    this.#describe();
    this.draw();
  }

  /** What a server is now. False: it has no square yet. */
  update(server) {
    const index = this.#place.get(server.id);
    if (index === undefined) return false;
    const before = this.#servers[index];
    this.#servers[index] = server;
    if (look(before) !== look(server)) {
      this.#flash(index);
      this.#described ||= setTimeout(() => this.#describe(), describeMs);
    }
    return true;
  }

  #flash(index) {
    this.#flashing.set(index, performance.now() + flashMs);
    this.#frame ||= requestAnimationFrame(() => this.#step());
  }

  #step() {
    this.#frame = 0;
    const now = performance.now();
    for (const [index, end] of this.#flashing) {
      this.#square(index, Math.max(0, (end - now) / flashMs));
      if (end <= now) this.#flashing.delete(index);
    }
    if (this.#flashing.size) this.#frame = requestAnimationFrame(() => this.#step());
  }

  draw() {
    const width = this.#canvas.clientWidth;
    if (!width) return;
    const [size, gap] = sizeFor(this.#most);
    this.#columns = Math.max(1, Math.floor((width + gap) / (size + gap)));
    const rows = Math.max(1, Math.ceil(this.#servers.length / this.#columns));
    const ratio = window.devicePixelRatio || 1;
    const height = rows * (size + gap) - gap;
    this.#canvas.style.height = height + 'px';
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.getContext('2d').scale(ratio, ratio);
    this.#servers.forEach((_, i) => this.#square(i, 0));
  }

  #square(index, glow) {
    const server = this.#servers[index];
    if (!server) return;
    const [size, gap] = sizeFor(this.#most);
    const x = (index % this.#columns) * (size + gap);
    const y = Math.floor(index / this.#columns) * (size + gap);
    const paper = this.#canvas.getContext('2d');
    paper.clearRect(x, y, size, size);
    paper.fillStyle = colours[look(server)];
    const corner = size > 10 ? 2.5 : size > 6 ? 1.5 : 0;
    paper.beginPath();
    paper.roundRect(x, y, size, size, corner);
    paper.fill();
    if (glow > 0) {
      paper.globalAlpha = glow * 0.6;
      paper.fillStyle = colours.ink;
      paper.fill();
      paper.globalAlpha = 1;
    }
    if (index === this.#cursor) {
      paper.strokeStyle = colours.ink;
      paper.lineWidth = 2;
      paper.strokeRect(x + 1, y + 1, size - 2, size - 2);
    }
  }

  #at(event) {
    const [size, gap] = sizeFor(this.#most);
    const column = Math.floor(event.offsetX / (size + gap));
    if (column >= this.#columns) return -1;
    return Math.floor(event.offsetY / (size + gap)) * this.#columns + column;
  }

  #onKey(event, pick, onPoint) {
    const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#columns, ArrowUp: -this.#columns};
    if (event.key === 'Enter') pick(this.#cursor);
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = this.#cursor < 0 ? 0 : this.#cursor + steps[event.key];
    if (next >= 0 && next < this.#servers.length) this.#point(next, onPoint);
  }

  #point(index, onPoint) {
    const before = this.#cursor;
    this.#cursor = index;
    this.#square(before, 0);
    this.#square(index, 0);
    const box = this.#canvas.getBoundingClientRect();
    const [size, gap] = sizeFor(this.#most);
    onPoint(this.#servers[index], {
      clientX: box.left + (index % this.#columns) * (size + gap),
      clientY: box.top + Math.floor(index / this.#columns) * (size + gap) + size});
  }

  #describe() {
    this.#described = 0;
    const sums = {};
    for (const server of this.#servers) sums[look(server)] = (sums[look(server)] ?? 0) + 1;
    const parts = Object.entries(sums).map(([look, n]) =>
      `${count(n)} ${word(look).toLowerCase()}`);
    this.#canvas.setAttribute('aria-label', 'Servers of this region: ' +
      (parts.join(', ') || 'none') + '. Arrow keys move, Enter opens.');
  }
}
