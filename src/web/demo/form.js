/** The form: built from the table of fields, read into a request, and told what is wrong with it. */

import { createActions } from './actions.js';
import { CHANNEL } from './client.js';
import { $, make, tell } from '../common/dom.js';
import { createField, existingField } from './field.js';
import { GROUPS, KINDS } from './fields.js';

export function startForm() {
  const changed = () => $('form').dispatchEvent(new Event('input'));
  const key = existingField('key', $('key'));
  const channel = existingField('channel', $('channel'));
  const kinds = Object.entries(KINDS).map(([name, fields]) => createKind(name, fields));
  const groups = GROUPS.map((group) => createGroup(group, changed));
  $('groups').append(...groups.map(({ element }) => element));

  const fits = ({ payload }) => !payload || $('kind-notification').checked;
  const all = () => [key, channel, ...[...kinds, ...groups].flatMap(({ fields }) => fields())];
  /** Those that say something now. */
  const used = () => [...kinds.filter(isChosen), ...groups.filter(fits)].flatMap(({ fields }) => fields());
  const exclude = all().find(({ at }) => at === '#/exclude').input;

  $('form').addEventListener('change', () => {
    kinds.forEach((kind) => (kind.element.hidden = !isChosen(kind)));
    groups.forEach((group) => (group.element.hidden = !fits(group)));
    changed();
  });

  return {
    /** As it would be sent: `{ key, channel, headers, body, mistakes }`. */
    read: () => readRequest(key, channel, used()),
    blame: (mistakes) => blame(all(), mistakes),
    clear() {
      all().forEach((field) => field.blame(''));
      tell($('form-problem'), '');
    },
    /** Whoever is not subscribed cannot be excluded. */
    knowSubscription(id) {
      exclude.disabled = !id;
      exclude.checked = exclude.checked && Boolean(id);
      exclude.value = id ?? '';
      changed();
    },
    onChange: (listener) => $('form').addEventListener('input', listener),
  };
}

function createKind(name, fields) {
  const created = fields.map(createField);
  const element = $(`${name}-fields`);
  element.append(...created.map((field) => field.element));
  return { element, radio: $(`kind-${name}`), fields: () => created };
}

const isChosen = ({ radio }) => radio.checked;

function createGroup({ title, payload, fields, actions }, changed) {
  const created = fields.map(createField);
  const content = make('div', { className: 'fields' }, ...created.map(({ element }) => element));
  const buttons = actions && createActions(changed);
  const element = make('details', {}, make('summary', {}, title), buttons ? buttons.element : content);
  return { element, payload, fields: () => [...created, ...(buttons?.fields() ?? [])] };
}

function readRequest(key, channel, fields) {
  const body = {};
  const headers = {};
  const mistakes = [];
  for (const field of fields) {
    try {
      const value = field.read();
      if (value === undefined) continue;
      if (field.at === 'idempotency-key') headers['Idempotency-Key'] = value;
      else place(body, field.at, value);
    } catch (error) {
      mistakes.push({ pointer: field.at, detail: `is not JSON: ${error.message}` });
    }
  }
  return { key: key.read(), channel: channel.read() ?? CHANNEL, headers, body, mistakes };
}

/** Puts a value where its pointer says; a number in it is a place in a list. */
function place(body, pointer, value) {
  const steps = pointer.slice(2).split('/');
  const last = steps.pop();
  let here = body;
  steps.forEach((step, at) => {
    const inside = /^\d+$/.test(steps[at + 1] ?? last) ? [] : {};
    here = here[step] ??= inside;
  });
  here[last] = value;
}

/** Shows each mistake at its field, goes to the first, and returns those that belong to none. */
function blame(fields, mistakes) {
  const places = new Map();
  const homeless = [];
  for (const { pointer, detail } of mistakes) {
    const field = nearest(fields, pointer);
    if (!field) homeless.push(`${pointer} ${detail}`);
    else places.set(field, [...(places.get(field) ?? []), detail]);
  }
  for (const [field, details] of places) field.blame(`This ${details.join('; and ')}.`);
  const first = fields.find((field) => places.has(field));
  if (first) {
    const group = first.input.closest('details');
    if (group) group.open = true;
    first.input.focus();
  }
  return homeless;
}

/** The field that a pointer names, or is inside of. */
function nearest(fields, pointer) {
  const holds = ({ at }) => pointer === at || pointer.startsWith(`${at}/`);
  return fields.filter(holds).sort((one, other) => other.at.length - one.at.length)[0];
}
