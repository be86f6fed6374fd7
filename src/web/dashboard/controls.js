/** What stands above a list: a search, choices, and the way through its pages. */

import { make } from '../common/dom.js';
import { number } from './figures.js';

const TYPING_MS = 250; // after the last letter

let count = 0;

/** A search; `/` leads to it. */
export function search({ label, placeholder = label, value = '', onChange }) {
  const input = make('input', {
    type: 'search', id: `control-${++count}`, placeholder, value, autocomplete: 'off', spellcheck: false,
  });
  input.dataset.search = '';
  input.setAttribute('aria-label', label);
  let waiting;
  let told = value;
  const tell = () => {
    clearTimeout(waiting);
    if (input.value.trim() === told) return;
    told = input.value.trim();
    onChange(told);
  };
  input.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(tell, TYPING_MS);
  });
  input.addEventListener('change', tell);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !input.value) input.blur();
    if (event.key === 'Enter') tell();
  });
  return make('div', { className: 'control search' }, input);
}

/** One of several: `options` is `{ value: words }`. */
export function choice({ label, name, options, value = '', onChange }) {
  const id = `control-${++count}`;
  const entries = Object.entries(options).map(([key, words]) => make('option', { value: key }, words));
  const select = make('select', { id }, ...entries);
  if (name) select.dataset.name = name;
  select.value = value in options ? value : Object.keys(options)[0];
  select.addEventListener('change', () => onChange(select.value));
  return make('div', { className: 'control' }, make('label', { htmlFor: id }, label), select);
}

/** One of few, all in sight. */
export function segments({ label, name, options, value, onChange }) {
  const group = `control-${++count}`;
  const parts = Object.entries(options).map(([key, words]) => {
    const input = make('input', { type: 'radio', name: group, value: key, checked: key === value });
    input.addEventListener('change', () => onChange(key));
    return make('label', { className: 'segment' }, input, make('span', {}, words));
  });
  const element = make('fieldset', { className: 'control segments' }, make('legend', {}, label), ...parts);
  if (name) element.dataset.name = name;
  return element;
}

export const toolbar = (...controls) => make('div', { className: 'toolbar' }, ...controls);

/**
 * Pages by offset: `show({ offset, limit, shown, matched, total, more })`; `more`: whether any follow, where `matched` is null
 * and does not say it. `onMove(offset)`.
 */
export function createPager({ onMove }) {
  const said = make('p', { className: 'quiet pager-said' });
  said.dataset.field = 'matched';
  const back = make('button', { type: 'button', className: 'small' }, 'Back');
  const on = make('button', { type: 'button', className: 'small' }, 'Next');
  back.dataset.page = 'back';
  on.dataset.page = 'next';
  let now = { offset: 0, limit: 50 };
  back.addEventListener('click', () => may(back) && onMove(Math.max(0, now.offset - now.limit)));
  on.addEventListener('click', () => may(on) && onMove(now.offset + now.limit));
  // Not before there are rows above it: it would be pushed down by them.
  const element = make('div', { className: 'pager', hidden: true }, said, make('div', { className: 'pager-buttons' }, back, on));
  return {
    element,
    show({ offset, limit, shown, matched, total, more = offset + shown < matched }) {
      now = { offset, limit };
      element.hidden = false;
      const inAll = total !== undefined && total !== matched ? ` (${number(total)} in all)` : '';
      const of = `${matched === null ? 'many' : number(matched)}${inAll}`;
      const text = shown ? `${number(offset + 1)}–${number(offset + shown)} of ${of}` : `None of ${number(total ?? matched)}`;
      if (said.textContent !== text) said.textContent = text;
      enable(back, offset > 0);
      enable(on, more);
    },
  };
}

/** Pages by cursor: `show(next)`; `onMove(cursor | '')`. It goes back the way that it came, and one page for a press. */
export function createCursorPager({ onMove }) {
  const trail = [''];
  let following = null;
  const back = make('button', { type: 'button', className: 'small' }, 'Newer');
  const on = make('button', { type: 'button', className: 'small' }, 'Older');
  back.dataset.page = 'back';
  on.dataset.page = 'next';
  back.addEventListener('click', () => may(back) && (trail.pop(), move()));
  on.addEventListener('click', () => may(on) && (trail.push(following), move()));
  /** Which page comes after that one is not known until it is there. */
  function move() {
    enable(back, false);
    enable(on, false);
    onMove(trail.at(-1));
  }
  return {
    element: make('div', { className: 'pager' }, make('div', { className: 'pager-buttons' }, back, on)),
    show(next) {
      following = next;
      enable(back, trail.length > 1);
      enable(on, Boolean(next));
    },
    reset: () => (trail.length = 1),
  };
}

/** Not `disabled`: the focus stays on a button that cannot be pressed for the moment. */
function enable(button, able) {
  if (able) button.removeAttribute('aria-disabled');
  else button.setAttribute('aria-disabled', 'true');
}

const may = (button) => !button.hasAttribute('aria-disabled');
