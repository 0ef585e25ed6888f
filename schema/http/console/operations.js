// What was asked of servers, and what has become of it: a line each, shown where it was asked.

import {call, each} from './api.js';
import {fleet} from './fleet_store.js';
import {isMoving, time, word} from './format.js';

const ends = {create: 'RUNNING', start: 'RUNNING', stop: 'STOPPED', reboot: 'RUNNING',
  terminate: 'TERMINATED'};

export const actions = ['start', 'stop', 'reboot', 'terminate'];

class Notes extends EventTarget {
  #of = new Map();

  get(id) {
    return this.#of.get(id);
  }

  /** kind: 'asked', 'accepted', 'done' or 'refused'. */
  set(id, action, kind, text) {
    this.#of.set(id, {action, kind, text});
    this.dispatchEvent(new CustomEvent('change', {detail: id}));
  }

  /** A transition that was accepted is done when the server has come to rest. */
  settle(server) {
    const note = this.#of.get(server.id);
    if (note?.kind !== 'accepted' || isMoving(server.status)) return;
    if (server.status === ends[note.action]) {
      this.set(server.id, note.action, 'done', `${note.action}: done`);
    } else {
      this.set(server.id, note.action, 'refused', `${note.action}: ended ${word(server.status)}` +
        (server.failure ? ` (${server.failure.detail})` : ''));
    }
  }
}

export const notes = new Notes();

fleet.addEventListener('change', ({detail: ids}) => {
  for (const id of ids) {
    const server = fleet.get(id);
    if (server) notes.settle(server);
  }
});

/** Waits until the operation of a 202 is decided; gives it. */
async function decided(operation) {
  for (;;) {
    const {body} = await call('GET', `/operations/${operation}`, {headers: {Prefer: 'wait=30'}});
    if (body.status !== 'PENDING') return body;
  }
}

function accept(server, action) {
  fleet.put(server);
  notes.set(server.id, action, 'accepted',
    `${action}: accepted` + (server.due_at ? `, until ${time(server.due_at).slice(11)}` : ''));
  notes.settle(fleet.get(server.id));
}

/** Sends one command and follows it. Never throws: what went wrong is the server's note. */
export async function send(id, action, method, path, body) {
  notes.set(id, action, 'asked', `${action}: waiting for a worker`);
  try {
    const answer = await call(method, path, {body, headers: {Prefer: 'wait=10'}});
    if (answer.status !== 202) return accept(answer.body, action);
    const operation = await decided(answer.body.id);
    if (operation.status !== 'SUCCEEDED') {
      throw new Error(operation.detail ?? word(operation.status));
    }
    await fleet.refresh(id);
    accept(fleet.get(id), action);
  } catch (error) {
    notes.set(id, action, 'refused', `${action}: ${error.message}`);
  }
}

export const act = (id, action) =>
  send(id, action, 'POST', `/servers/${id}/action`, {action});

/** The same for many, a few at a time. */
export const actOnAll = (ids, action) => each(ids, id => act(id, action));
