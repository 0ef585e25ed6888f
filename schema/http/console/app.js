// The frame around the pages: which page the address names, the key, the colours, the clock.

import {key} from './api.js';
import {clock} from './sim_clock.js';
import {h, field, openDialog, repeat} from './dom.js';
import {fleet} from './fleet_store.js';
import {pages} from './pages.js';
import {iso} from './format.js';

const main = document.getElementById('main');
let leaving = new AbortController();

/** #/servers/ID?at=... is the page "servers" with the parts ["ID"] and the query. */
function address() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...parts] = path.split('/').filter(Boolean).map(decodeURIComponent);
  return {name: name ?? 'fleet', parts, query: new URLSearchParams(query)};
}

async function open() {
  leaving.abort();
  leaving = new AbortController();
  const {signal} = leaving;
  const {name, parts, query} = address();
  const page = pages.find(page => page.name === name) ?? pages[0];
  for (const link of document.querySelectorAll('#pages a')) {
    if (link.dataset.page === (page.under ?? page.name)) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${page.title} · vsim`;
  main.replaceChildren();
  try {
    await page.show({main, parts, query, signal});
  } catch (error) {
    if (signal.aborted) return;
    main.append(h('p.note.bad', {role: 'alert'}, 'This page cannot be shown: ' + error.message));
  }
}

function drawNavigation() {
  document.getElementById('pages').append(
    ...pages.filter(page => !page.under).map(page =>
      h('a', {href: '#/' + page.name, 'data-page': page.name}, page.title)),
    h('a.apart', {href: '../swagger/index.html'}, 'API'));
}

function askForKey() {
  if (document.querySelector('dialog.key')) return;
  const input = h('input', {type: 'password', name: 'key', autocomplete: 'off', value: key.get()});
  const take = event => {
    event.preventDefault();
    key.set(input.value.trim());
    dialog.close();
    begin();
  };
  const dialog = openDialog('Key', h('form', {onsubmit: take},
    field('Key of this API, made by vsimctl keys add', input,
      'Kept in this tab alone. Empty: none.'),
    h('div.buttons',
      h('button', {type: 'button', onclick: () => dialog.close()}, 'Cancel'),
      h('button.primary', {type: 'submit'}, 'Use it'))));
  dialog.classList.add('key');
}

function switchTheme() {
  const {dataset} = document.documentElement;
  dataset.theme = dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem('theme', dataset.theme);
  window.dispatchEvent(new Event('theme'));
}

const words = {connecting: 'connecting', live: 'live', polling: 'asking every 2 s',
  lost: 'connection lost'};

function drawState() {
  const shown = h('div.clock', {title: 'Simulated time, UTC'});
  const stream = h('span');
  document.getElementById('state').append(shown, stream, h('div.row',
    h('button.plain', {onclick: switchTheme, 'aria-label': 'Light or dark'}, '◐'),
    h('button.plain', {onclick: askForKey}, 'Key')));
  const tick = () => {
    const now = iso(clock.now());
    shown.replaceChildren(h('span.date', now.slice(0, 10)), h('b', now.slice(11, 19)),
      clock.scale === 1 ? '' : h('span.soft', ` × ${clock.scale}`));
  };
  const say = () => {
    const good = fleet.state === 'live' || fleet.state === 'polling';
    stream.className = 'status s-' + (good ? 'good' : fleet.state === 'lost' ? 'bad' : 'soft');
    stream.textContent = words[fleet.state];
  };
  setInterval(tick, 250);
  fleet.addEventListener('state', say);
  tick();
  say();
}

/** What any page needs, with the key there is now. */
function begin() {
  fleet.start();
  clock.ask().catch(() => {});
  open();
}

function onKey(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName);
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('dialog[open]')) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches('input')) target.focus();
  else target.click();
}

drawNavigation();
drawState();
window.addEventListener('hashchange', open);
window.addEventListener('key-wanted', askForKey);
window.addEventListener('keydown', onKey);
repeat(new AbortController().signal, 5000, () => clock.ask().catch(() => {}));
begin();
