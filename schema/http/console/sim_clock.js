// Simulated time as this page knows it: asked for now and then, reckoned on in between.

import {get} from './api.js';

class SimClock extends EventTarget {
  #base = Date.now();
  #at = performance.now();
  scale = 1;
  document = null;

  /** Milliseconds since 1970. */
  now() {
    return this.#base + (performance.now() - this.#at) * this.scale;
  }

  take(document) {
    this.#base = Date.parse(document.now);
    this.#at = performance.now();
    this.scale = document.scale;
    this.document = document;
    this.dispatchEvent(new Event('change'));
  }

  async ask(signal) {
    this.take(await get('/clock', {}, signal));
  }
}

export const clock = new SimClock();
