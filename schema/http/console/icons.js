// Small drawings on buttons, each with its word as label.

import {h, svg} from './dom.js';
import {word} from './format.js';

const shapes = {
  start: 'M4 2.5l9 5.5-9 5.5z',
  stop: 'M3.5 3.5h9v9h-9z',
  reboot: 'M8 2.5a5.5 5.5 0 1 0 5.5 5.5h-2A3.5 3.5 0 1 1 8 4.5v2.5l4-3.5-4-3.5z',
  terminate: 'M3.6 2.2l4.4 4.4 4.4-4.4 1.4 1.4-4.4 4.4 4.4 4.4-1.4 1.4' +
    '-4.4-4.4-4.4 4.4-1.4-1.4 4.4-4.4-4.4-4.4z',
};

export function iconButton(action, onclick) {
  return h('button.icon.plain', {'data-action': action, title: word(action),
    'aria-label': word(action), onclick},
  svg('svg', {viewBox: '0 0 16 16', width: 13, height: 13, 'aria-hidden': 'true'},
    svg('path', {d: shapes[action], fill: 'currentColor'})));
}
