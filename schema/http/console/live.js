// The log as it moves: GET /events as a stream, read by fetch since an EventSource sends no key.
// It begins again by itself where it broke off.

import {headersOf, url} from './api.js';

const pauseMs = 1000;

const pause = (milliseconds, signal) => new Promise(done => {
  const timer = setTimeout(done, milliseconds);
  signal.addEventListener('abort', () => { clearTimeout(timer); done(); }, {once: true});
});

/** One event after the other out of a body of Server-Sent Events: {id, type, data}. */
export async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let event = {data: ''};
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    text += value;
    const lines = text.split(/\r\n|\n|\r/);
    text = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (event.data) yield event;
        event = {data: ''};
        continue;
      }
      const colon = line.indexOf(':');
      const name = colon < 0 ? line : line.slice(0, colon);
      const given = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === 'id') event.id = given;
      else if (name === 'event') event.type = given;
      else if (name === 'data') event.data += given;
    }
  }
}

/** Whether this API has the stream; asking for what is not there would be an error in the browser's
    console. */
async function isOffered(signal) {
  const document = await (await fetch('/openapi.json', {signal})).json();
  return '/events' in document.paths;
}

/** Calls `onEvent` with each event from now on, `onState` with 'live', 'lost' or 'absent', until
    the signal. 'live' after 'lost' goes on where it broke off, so nothing is missed. */
export async function follow({query = {}, signal, onEvent, onState}) {
  let last;
  while (!signal.aborted) {
    try {
      if (!await isOffered(signal)) {
        onState('absent');
        return;
      }
      const headers = headersOf({Accept: 'text/event-stream'});
      if (last) headers['Last-Event-ID'] = last;
      const response = await fetch(url('/events', query), {headers, signal, cache: 'no-store'});
      if (response.ok) {
        onState('live');
        for await (const event of eventsOf(response.body)) {
          last = event.id ?? last;
          onEvent({sequence: Number(event.id), type: event.type, data: JSON.parse(event.data)});
        }
      } else if (response.status === 401) {
        // With another key all begins anew.
        window.dispatchEvent(new Event('key-wanted'));
        onState('lost');
        return;
      }
    } catch (error) {
      if (signal.aborted) return;
    }
    onState('lost');
    await pause(pauseMs, signal);
  }
}
