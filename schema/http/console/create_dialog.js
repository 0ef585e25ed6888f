// Creating servers: one, or many that are numbered.

import {call, each, get} from './api.js';
import {field, h, openDialog, select} from './dom.js';
import {fleet} from './fleet_store.js';
import {notes} from './operations.js';
import {money} from './format.js';

const countMax = 1000;

/** "team=blue, env=test" as an object; throws where a part has no value. */
export function tagsOf(text) {
  const tags = {};
  for (const part of text.split(',').map(part => part.trim()).filter(Boolean)) {
    const at = part.indexOf('=');
    if (at < 1) throw new Error(`the tag "${part}" is not of the form key=value`);
    tags[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return tags;
}

/** The servers to ask for. */
function wanted(form) {
  const value = name => form.elements[name].value.trim();
  const body = {region: value('region'), type: value('type')};
  if (value('profile')) body.profile = value('profile');
  if (value('tags')) body.tags = tagsOf(value('tags'));
  if (value('lease')) body.lease_seconds = Math.round(Number(value('lease')) * 60);
  if (value('idle')) body.idle_timeout_seconds = Math.round(Number(value('idle')) * 60);
  const many = Number(value('count'));
  return Array.from({length: many}, (_, i) =>
    ({name: many > 1 ? `${value('name')}-${i + 1}` : value('name'), ...body}));
}

async function create(bodies, progress) {
  const sums = {done: 0, refused: new Map()};
  await each(bodies, async body => {
    try {
      const answer = await call('POST', '/servers', {body, headers: {Prefer: 'wait=10'}});
      if (answer.status === 201) {
        fleet.put(answer.body);
        notes.set(answer.body.id, 'create', 'accepted', 'create: accepted');
      }
      ++sums.done;
    } catch (error) {
      sums.refused.set(error.message, (sums.refused.get(error.message) ?? 0) + 1);
    }
    progress(sums);
  });
  return sums;
}

function say(sums, total, place) {
  const refused = [...sums.refused].map(([why, n]) =>
    h('p.bad', `${n} refused: ${why}`));
  place.replaceChildren(
    h('progress', {max: total, value: sums.done, 'aria-label': 'Created so far'}),
    h('p.soft', `${sums.done} of ${total} created`), ...refused);
}

export async function openCreateDialog() {
  const [regions, types, profiles] = await Promise.all(
    ['/regions', '/types', '/profiles'].map(async path => (await get(path)).items));
  const byDefault = profiles.find(profile => profile.default)?.name ?? '';
  const said = h('div.stack', {role: 'status'});
  const button = h('button.primary', {type: 'submit'}, 'Create');
  const form = h('form',
    h('div.fields',
      field('Name', h('input', {name: 'name', required: true, value: 'web', maxlength: 60,
        autocomplete: 'off'})),
      field('How many', h('input', {name: 'count', type: 'number', min: 1, max: countMax, value: 1,
        required: true}), 'More than one are numbered: web-1, web-2, …'),
      field('Region', select({name: 'region'}, regions.map(region =>
        [region.name, `${region.name}, ${region.addresses_free} free`]))),
      field('Type', select({name: 'type'}, types.map(type =>
        [type.name, `${type.name}, ${money(type.hourly_rate)} an hour`]))),
      field('Profile', select({name: 'profile'},
        [['', `as usual (${byDefault})`], ...profiles.map(profile => profile.name)]),
        'How long it takes to boot and stop, and what may go wrong.'),
      field('Tags', h('input', {name: 'tags', placeholder: 'team=blue, env=test',
        autocomplete: 'off'})),
      field('Lease, minutes', h('input', {name: 'lease', type: 'number', min: 1}),
        'Terminated then. Empty: none.'),
      field('Idle timeout, minutes', h('input', {name: 'idle', type: 'number', min: 0}),
        'In STOPPED, until it is reaped. Empty: the profile’s.')),
    said,
    h('div.buttons',
      h('button', {type: 'button', onclick: () => dialog.close()}, 'Close'), button));
  form.addEventListener('submit', async event => {
    event.preventDefault();
    button.disabled = true;
    try {
      const bodies = wanted(form);
      const sums = await create(bodies, sums => say(sums, bodies.length, said));
      if (!sums.refused.size) dialog.close();
    } catch (error) {
      said.replaceChildren(h('p.bad', error.message));
    }
    button.disabled = false;
  });
  const dialog = openDialog('Create servers', form);
  form.elements.name.select();
}
