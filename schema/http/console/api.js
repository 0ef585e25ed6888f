// The HTTP API, as any client calls it: the same routes, the same key. What it answers with an
// error is thrown as a Problem.

export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? `the API answered ${status}`);
    this.status = status;
    this.code = document.code ?? '';
    this.operation = document.operation_id;
  }
}

/** Of this tab alone, and gone with it. */
export const key = {
  get: () => sessionStorage.getItem('key') ?? '',
  set: value => value ? sessionStorage.setItem('key', value) : sessionStorage.removeItem('key'),
};

export function headersOf(extra = {}) {
  const all = {Accept: 'application/json', ...extra};
  if (key.get()) all.Authorization = 'Bearer ' + key.get();
  return all;
}

export function url(path, query = {}) {
  const given = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== '');
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function problemOf(response) {
  const document = await response.json().catch(() => ({}));
  if (response.status === 401) window.dispatchEvent(new Event('key-wanted'));
  return new Problem(response.status, document);
}

/** The answer with its body read: {status, headers, body}. */
export async function call(method, path, {query, body, headers, signal} = {}) {
  const extra = {...headers};
  if (body !== undefined) extra['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(url(path, query), {method, signal, headers: headersOf(extra),
      cache: 'no-store', body: body === undefined ? undefined : JSON.stringify(body)});
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, {detail: 'the API cannot be reached'});
  }
  if (!response.ok) throw await problemOf(response);
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  return {status: response.status, headers: response.headers,
    body: isJson ? await response.json() : await response.text()};
}

export const get = async (path, query, signal) => (await call('GET', path, {query, signal})).body;

/** Does it for each, a few at a time: browsers open six connections to a host, and a stream of
    events has one of them. */
export async function each(items, act, atOnce = 4) {
  const left = [...items];
  const worker = async () => {
    while (left.length) await act(left.shift());
  };
  await Promise.all(Array.from({length: Math.min(atOnce, left.length)}, worker));
}
