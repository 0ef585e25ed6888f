// All servers that live, and the newest that have ended, as the log moves. It listens before it
// lists, and of two documents of one server the later version holds, so nothing is missed.

import {call, each, get} from './api.js';
import {follow} from './live.js';
import {statuses} from './format.js';

const pageSize = 200;
const pollMs = 2000;

class FleetStore extends EventTarget {
  servers = new Map();
  /** As the API counts them: only the newest are in `servers`. */
  terminatedTotal = 0;
  loading = true;
  state = 'connecting';
  #changed = new Set();
  #drawn = 0;
  #ending = null;

  /** From now on; again with another key. */
  start() {
    this.#ending?.abort();
    this.#ending = new AbortController();
    const {signal} = this.#ending;
    this.servers.clear();
    this.loading = true;
    this.state = 'connecting';
    follow({signal, onState: state => this.#take(state, signal),
      onEvent: event => event.data.server && this.put(event.data.server)});
  }

  get(id) {
    return this.servers.get(id);
  }

  put(server) {
    const known = this.servers.get(server.id);
    if (known && known.version > server.version) return;
    if (server.status === 'TERMINATED' && known && known.status !== 'TERMINATED') {
      ++this.terminatedTotal;
    }
    this.servers.set(server.id, server);
    this.#mark(server.id);
  }

  #mark(id) {
    this.#changed.add(id);
    this.#drawn ||= requestAnimationFrame(() => this.#tell());
  }

  #tell() {
    this.#drawn = 0;
    const ids = this.#changed;
    this.#changed = new Set();
    this.dispatchEvent(new CustomEvent('change', {detail: ids}));
  }

  #take(state, signal) {
    if (state === 'absent') {
      this.#poll(signal);
    } else if (state === 'live' || this.state === 'connecting') {
      this.#list(signal).catch(error => this.#fail(error, signal));
    }
    this.state = state === 'absent' ? 'polling' : state;
    this.dispatchEvent(new Event('state'));
  }

  #fail(error, signal) {
    if (signal.aborted) return;
    this.error = error;
    this.dispatchEvent(new Event('state'));
  }

  /** The first page of each status at once, so that there is something to see; then the rest. */
  async #list(signal) {
    const rest = [];
    await each(statuses, async status => {
      const page = await get('/servers', {status, limit: pageSize}, signal);
      if (status === 'TERMINATED') this.terminatedTotal = page.total;
      page.items.forEach(server => this.put(server));
      if (page.next_cursor && status !== 'TERMINATED') rest.push([status, page.next_cursor]);
    });
    await each(rest, async ([status, from]) => {
      for (let cursor = from; cursor;) {
        const page = await get('/servers', {status, limit: pageSize, cursor}, signal);
        page.items.forEach(server => this.put(server));
        cursor = page.next_cursor;
      }
    });
    this.loading = false;
    this.error = null;
    this.#mark('');
  }

  async #poll(signal) {
    while (!signal.aborted) {
      if (!document.hidden) await this.#list(signal).catch(error => this.#fail(error, signal));
      await new Promise(done => setTimeout(done, pollMs));
    }
  }

  /** One server anew, after a write whose answer said more than the list knew. */
  async refresh(id) {
    this.put((await call('GET', `/servers/${id}`)).body);
  }
}

export const fleet = new FleetStore();
