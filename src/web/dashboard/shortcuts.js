/** Keys: `/` to the search, `?` to the list of keys, `p` to hold still, `g` and a letter to a page. They can be turned off. */

import { $, make } from '../common/dom.js';
import { createDialog } from './dialog.js';
import { drop, keep, read } from './kept.js';
import { togglePause } from './looking.js';
import { GROUPS } from './pages.js';
import { isOpen, navigate } from './shell.js';

const OFF = 'keys-off'; // WCAG 2.1.4: who speaks to the computer must be able to turn them off
const PATIENCE_MS = 1500; // between g and its letter

let leapUntil = 0;

export function startShortcuts() {
  document.addEventListener('keydown', (event) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    if (!isPlain || !isOpen() || isWriting(event.target) || document.querySelector('dialog[open]')) return;
    if (read(OFF)) return;
    if (act(event)) event.preventDefault();
  });
  $('keys-open').addEventListener('click', showKeys);
}

const isWriting = (element) => element.matches('input:not([type=checkbox]):not([type=radio]), textarea, select');

/** Whether the key meant something. */
function act({ key, timeStamp }) {
  if (timeStamp < leapUntil) {
    leapUntil = 0;
    const page = shown().find((one) => one.key === key);
    if (page) navigate(`#/${page.name}`);
    return Boolean(page);
  }
  if (key === 'g') return (leapUntil = timeStamp + PATIENCE_MS), true;
  if (key === 'p') return togglePause(), true;
  if (key === '?') return showKeys(), true;
  const search = key === '/' && document.querySelector('[data-search]');
  if (search) search.focus(), search.select();
  return Boolean(search);
}

const shown = () =>
  GROUPS.flatMap(({ pages }) => pages).filter(({ name }) => document.querySelector(`#nav [data-to="${name}"]`));

function showKeys() {
  const rows = [
    ['/', 'Search'], ['p', 'Hold the figures still, or go on'], ['?', 'These keys'],
    ...shown().filter(({ key }) => key).map(({ key, title }) => [`g ${key}`, title]),
    ['↑ ↓ ← →', 'Walk through the tree; Enter opens an actor'],
  ];
  const tick = make('input', { type: 'checkbox', checked: !read(OFF) });
  tick.addEventListener('change', () => {
    if (tick.checked) drop(OFF);
    else keep(OFF, 'yes');
  });
  const list = make('dl', { className: 'keys' },
    ...rows.map(([keys, does]) => make('div', {}, make('dt', {}, ...keys.split(' ').flatMap(kbd)), make('dd', {}, does))));
  const label = make('label', { className: 'tick' }, tick, 'Single keys do this');
  createDialog({ title: 'Keys', body: [list, label], cancel: 'Close' });
}

const kbd = (key, at) => [...(at ? [' '] : []), make('kbd', {}, key)];
