// Elements, made by hand: h('button.primary', {onclick: send}, 'Create').

const svgNames = 'http://www.w3.org/2000/svg';
const properties = new Set(['value', 'checked', 'disabled', 'hidden', 'indeterminate']);

function fill(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (properties.has(name)) element[name] = value;
    else if (value !== false) element.setAttribute(name, value === true ? '' : value);
  }
}

function build(element, classes, rest) {
  if (classes.length) element.setAttribute('class', classes.join(' '));
  const [first] = rest;
  const given = first && typeof first === 'object' && !(first instanceof Node) &&
    !Array.isArray(first);
  if (given) fill(element, first);
  element.append(...(given ? rest.slice(1) : rest).flat(3)
    .filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element of HTML: its tag and classes, attributes if any, and what is in it. */
export function h(spec, ...rest) {
  const [tag, ...classes] = spec.split('.');
  return build(document.createElement(tag || 'div'), classes, rest);
}

/** The same for SVG. */
export function svg(spec, ...rest) {
  const [tag, ...classes] = spec.split('.');
  return build(document.createElementNS(svgNames, tag), classes, rest);
}

/** A labelled input or select of a form, with a line of help below it. */
export function field(label, input, help, wide) {
  return h(wide ? 'label.field.wide' : 'label.field', label, input, help && h('small', help));
}

export function select(attributes, options, chosen) {
  const element = h('select', attributes, options.map(option => {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    return h('option', {value}, text);
  }));
  if (chosen !== undefined) element.value = chosen;
  return element;
}

/** A table of strings and elements; columns: [title, 'number'?]. */
export function table(columns, rows, {empty = 'Nothing.', foot} = {}) {
  if (!rows.length) return h('p.soft', empty);
  const cell = (tag, content, i) => h(columns[i][1] ? `${tag}.${columns[i][1]}` : tag, content);
  const line = row => h('tr', row.map((content, i) => cell('td', content ?? '', i)));
  // What scrolls can be reached by the keyboard, to be scrolled by it.
  return h('div.scroll', {tabindex: '0', role: 'group', 'aria-label': 'Table'}, h('table',
    h('thead', h('tr', columns.map(([title], i) => cell('th', title, i)))),
    h('tbody', rows.map(line)),
    foot && h('tfoot', line(foot))));
}

/** A dialog that is gone once it is closed. */
export function openDialog(title, ...content) {
  const dialog = h('dialog', {'aria-label': title, onclose: () => dialog.remove()},
    h('h2', title), ...content);
  document.getElementById('dialogs').append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something final is done. */
export function confirmFirst(question, word, act) {
  const dialog = openDialog(question, h('div.buttons',
    h('button', {onclick: () => dialog.close()}, 'Cancel'),
    h('button.danger', {'data-do': 'confirm', onclick: () => { dialog.close(); act(); }}, word)));
}

/** Calls it now and then every so often, one call at a time, until the page is left. */
export function repeat(signal, milliseconds, call) {
  let timer;
  const turn = async () => {
    if (!document.hidden) await call();
    if (!signal.aborted) timer = setTimeout(turn, milliseconds);
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  return turn();
}
