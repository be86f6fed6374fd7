// Tables and lists that live: the focus stays where it was, as far as there is such a place.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { page } from './document.mjs';

const { make } = await import('../../src/web/common/dom.js');
await import('../../src/web/dashboard/router.js');
const { createCursorPager } = await import('../../src/web/dashboard/controls.js');
const { channels } = await import('../../src/web/dashboard/pages/channels.js');
const { actor } = await import('../../src/web/dashboard/pages/actor.js');
const { warnings } = await import('../../src/web/dashboard/pages/warnings.js');
const { createTable } = await import('../../src/web/dashboard/table.js');

const COLUMNS = [
  { title: 'Name', draw: (place, { id }) => place.children.length || place.replaceChildren(make('a', {}, id)) },
  { title: 'Act', draw: (place, { id }) => place.children.length || place.replaceChildren(make('button', {}, `Stop ${id}`)) },
];

function createRows(ids) {
  const table = createTable({ label: 'Rows', columns: COLUMNS, id: ({ id }) => id });
  page.body.replaceChildren(table.element);
  const show = (names) => table.show([...names].map((id) => ({ id })));
  show(ids);
  return { table, show, of: (id, tag) => table.body.querySelectorAll('tr').find((row) => row.dataset.id === id).querySelector(tag) };
}
const focused = () => page.activeElement.textContent;

/** A page under test: `tell(snapshot)` is the daemon's word. */
function mount(one, params = {}) {
  const [main, tools] = ['main', 'div'].map((tag) => page.createElement(tag));
  main.append(make('h1'));
  page.body.replaceChildren(main, tools);
  const tells = [];
  one.mount(main, {
    params, query: {}, tools, overview: { acting: false }, title() {}, note() {}, remember() {}, announce() {},
    watch: (path, onSnapshot) => (tells.push(onSnapshot), () => {}),
  });
  return { main, tell: tells.at(-1) };
}

test('when the row that has the focus goes, the one at its place has it, in the same cell', () => {
  const { show, of } = createRows('abcd');
  of('b', 'button').focus();
  show('acd');
  assert.equal(focused(), 'Stop c');
  show('a');
  assert.equal(focused(), 'Stop a');
});

test('when no row is left the table has it, and not the whole page', () => {
  const { table, show, of } = createRows('a');
  of('a', 'a').focus();
  show('');
  assert.equal(page.activeElement, table.element);
});

test('while the focus is in a row, rows do not change places, and it keeps it', () => {
  const { table, show, of } = createRows('abc');
  of('b', 'a').focus();
  show('cbda');
  assert.equal(focused(), 'b');
  assert.deepEqual(table.body.children.map((row) => row.dataset.id), ['a', 'b', 'c', 'd']);
});

test('a channel’s link to its subscribers stays while their number changes', () => {
  const { main, tell } = mount(channels);
  const items = (subscribers) => ({ matched: 1, items: [{ name: 'news', subscribers, head: 1, open: 0, scheduled: 0, paused: false }] });
  tell(items(1));
  const link = main.querySelectorAll('a').find(({ textContent }) => textContent === '1');
  link.focus();
  tell(items(1200));
  assert.deepEqual([page.activeElement === link, focused()], [true, '1,200']);
});

test('an actor’s links stay while its figures change, and a line that goes takes no other along', () => {
  const { main, tell } = mount(actor, { id: 'channels.7' });
  const row = (details) => ({
    id: 'channels.7', name: 'news', kind: 'ChannelWorker', state: 'resting', parent: 'channels', mailbox: { now: 0, peak: 0 },
    messages: 1, arbiter: 'arbiter-0', recent_messages: [], restart_history: [], details,
  });
  tell(row([{ name: 'swept_to', value: 1 }, { name: 'waiting', value: 3 }]));
  const link = main.querySelector('.panel-state').querySelector('a');
  link.focus();
  tell(row([{ name: 'waiting', value: 4 }]));
  assert.equal(page.activeElement, link);
  const lines = main.querySelector('.panel-state').querySelector('dl').children.map(({ children }) => children.map(({ textContent }) => textContent));
  assert.deepEqual(lines, [['Parent', 'channels'], ['waiting', '4']]);
});

test('a warning that becomes worse is shown so, at its place and with its remedy', () => {
  const { main, tell } = mount(warnings);
  const warning = (code, severity, remedy) => ({ code, severity, remedy, subject: '', detail: code, since: '2026-01-01T00:00:00Z', count: 1 });
  tell({ items: [warning('store_slow', 'warning', 'Wait.'), warning('clock_skew', 'warning', 'Set it.')] });
  tell({ items: [warning('draining', 'critical', 'Resume.'), warning('clock_skew', 'critical', 'Set it now.'), warning('store_slow', 'warning', 'Wait.')] });
  const shown = main.querySelectorAll('.warning').map((one) =>
    [one.dataset.id.trim(), one.dataset.severity, one.querySelector('.state').textContent, one.querySelector('.remedy').textContent]);
  assert.deepEqual(shown, [
    ['draining', 'critical', 'critical', 'What to do: Resume.'], ['clock_skew', 'critical', 'critical', 'What to do: Set it now.'],
    ['store_slow', 'warning', 'warning', 'What to do: Wait.'],
  ]);
});

test('a second press of “Older” before the page is there does nothing', () => {
  const moves = [];
  const pager = createCursorPager({ onMove: (cursor) => moves.push(cursor) });
  const [back, on] = pager.element.querySelectorAll('button');
  const press = (button, times) => Array.from({ length: times }, () => button.click());
  pager.show('two');
  press(on, 2);
  pager.show('three');
  press(on, 2);
  pager.show(null);
  press(back, 2);
  pager.show('three');
  press(back, 1);
  assert.deepEqual(moves, ['two', 'three', 'two', '']);
});
