/** One field of the form: its label, its hint, its input, the value in it, and what the server said about it. */

import { make, tell } from '../common/dom.js';

let count = 0;

const INPUTS = {
  lines: () => make('textarea', { rows: 2 }),
  json: () => make('textarea', { rows: 3, spellcheck: false, className: 'code' }),
  choice: ({ options }) =>
    make('select', {}, ...Object.entries(options).map(([value, label]) => make('option', { value }, label))),
  flag: ({ standard }) => make('input', { type: 'checkbox', checked: Boolean(standard) }),
  exclude: () => make('input', { type: 'checkbox', disabled: true }),
  time: () => make('input', { type: 'datetime-local' }),
  millis: () => make('input', { type: 'datetime-local' }),
  integer: () => make('input', { type: 'text', inputMode: 'numeric' }),
  integers: () => make('input', { type: 'text' }),
  url: () => make('input', { type: 'url' }),
  needed: () => make('input', { type: 'text' }),
  text: () => make('input', { type: 'text' }),
};

/** What is no number goes as it is: the server says what it wants. */
const number = (text) => (/^-?\d+$/.test(text) ? Number(text) : text);

/** The value for the request's body; undefined where there is nothing to say. */
const VALUES = {
  lines: ({ value }) => value || undefined,
  json: ({ value }) => (value.trim() ? JSON.parse(value) : undefined),
  choice: ({ value }) => value || undefined,
  flag: ({ checked }, { standard = false }) => (checked === standard ? undefined : checked),
  exclude: ({ checked, value }) => (checked ? [value] : undefined),
  time: ({ value }) => (value ? new Date(value).toISOString() : undefined),
  millis: ({ value }) => (value ? new Date(value).getTime() : undefined),
  integer: ({ value }) => (value.trim() ? number(value.trim()) : undefined),
  integers: ({ value }) => (value.trim() ? value.trim().split(/[\s,]+/).map(number) : undefined),
  url: ({ value }) => value.trim() || undefined,
  needed: ({ value }) => value, // also when it is empty: the server says that it may not be
  text: ({ value }) => value || undefined,
};

/** A field with an element of its own; `at` may be a function, for fields that move. */
export function createField({ at, label, hint, kind = 'text', value, ...more }) {
  const id = `field-${++count}`;
  const input = INPUTS[kind](more);
  if (value !== undefined) input.value = value;
  const mistake = make('p', { className: 'mistake', id: `${id}-mistake`, hidden: true });
  const ticked = input.type === 'checkbox';
  const name = make('label', { htmlFor: id, className: ticked ? 'tick' : '' }, ...(ticked ? [input, label] : [label]));
  const element = make('div', { className: 'field' }, name, ...(ticked ? [] : [input]));
  if (hint) element.append(make('p', { className: 'hint', id: `${id}-hint` }, hint));
  element.append(mistake);
  input.autocomplete = 'off';
  return adopt({ id, at, input, mistake, element, read: () => VALUES[kind](input, more), hinted: Boolean(hint) });
}

/** A field that the page has already. */
export function existingField(at, input) {
  const mistake = make('p', { className: 'mistake', id: `${input.id}-mistake`, hidden: true });
  input.closest('.field').append(mistake);
  const hinted = Boolean(document.getElementById(`${input.id}-hint`));
  return adopt({ id: input.id, at, input, mistake, read: () => input.value.trim() || undefined, hinted });
}

function adopt({ id, at, input, mistake, hinted, ...field }) {
  input.id = id;
  input.setAttribute('aria-describedby', `${hinted ? `${id}-hint ` : ''}${id}-mistake`);
  return {
    ...field,
    input,
    get at() {
      return typeof at === 'function' ? at() : at;
    },
    /** Shows what is wrong with it; nothing, where nothing is. */
    blame(text) {
      tell(mistake, text);
      if (text) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    },
  };
}
