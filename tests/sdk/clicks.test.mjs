// A click leads to the page that the notification names: to a window that is there, else to a new one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { declared } from './payloads.mjs';
import { startedWorker } from './started.mjs';

const TEA = 'https://app.example/tea';

/** Shows a notification, presses it or its action, and tells what came of it. */
async function clicked({ notification = {}, action, pages = [] }) {
  const { browser, worker } = await startedWorker();
  browser.pages = [];
  for (const { path, isControlled = true, isClosed = false } of pages) {
    Object.assign(browser.openPage({ path }), { isControlled, isClosed });
  }
  await worker.push(declared({ notification }));
  const ended = await worker.click(undefined, action);
  assert.deepEqual(ended, { waits: 1, failures: [] });
  assert.equal(worker.notifications.shown.length, 0, 'it stayed on screen');
  return { opened: worker.opened, windows: browser.pages.map(({ url, focused }) => [url, focused]) };
}

test('a window that is there already is focused', async () => {
  const { opened, windows } = await clicked({ pages: [{ path: '/' }, { path: '/tea', isControlled: false }] });
  assert.deepEqual([opened, windows], [[], [['https://app.example/', 0], [TEA, 1]]]);
});

test('a window of the app is focused and led there', async () => {
  const { opened, windows } = await clicked({ pages: [{ path: '/a' }, { path: '/b' }] });
  assert.deepEqual([opened, windows], [[], [[TEA, 1], ['https://app.example/b', 0]]]);
});

test('without a window one is opened', async () => {
  assert.deepEqual(await clicked({}), { opened: [TEA], windows: [] });
});

test('a window that the worker does not control cannot be led anywhere: another is opened', async () => {
  const { opened, windows } = await clicked({ pages: [{ path: '/a', isControlled: false }] });
  assert.deepEqual([opened, windows], [[TEA], [['https://app.example/a', 0]]]);
});

test('a window that has gone meanwhile is replaced by a new one', async () => {
  assert.deepEqual((await clicked({ pages: [{ path: '/a', isClosed: true }] })).opened, [TEA]);
  assert.deepEqual((await clicked({ pages: [{ path: '/tea', isClosed: true }] })).opened, [TEA]);
});

test('a link to another site opens a window and leaves the app where it is', async () => {
  const notification = { navigate: 'https://elsewhere.example/x' };
  const { opened, windows } = await clicked({ notification, pages: [{ path: '/a' }] });
  assert.deepEqual([opened, windows], [['https://elsewhere.example/x'], [['https://app.example/a', 0]]]);
});

for (const navigate of ['javascript:alert(1)', 'data:text/html,x', 'http://', 'blob:x', '', 5, null, {}, undefined]) {
  test(`${JSON.stringify(navigate)} is no address: the click leads to the worker's pages`, async () => {
    assert.deepEqual((await clicked({ notification: { navigate } })).opened, ['https://app.example/']);
  });
}

const ACTIONS = [
  { action: 'yes', title: 'Yes', navigate: 'https://app.example/yes' },
  { action: 'no', title: 'No' },
  { action: 'bad', title: 'Bad', navigate: 'javascript:alert(1)' },
  { action: 'away', title: 'Away', navigate: 'https://elsewhere.example/' },
];

for (const [action, address] of Object.entries({
  'yes': 'https://app.example/yes', 'no': TEA, 'bad': TEA, 'away': 'https://elsewhere.example/', 'unknown': TEA,
  '': TEA, 'constructor': TEA,
})) {
  test(`the action “${action}” leads to ${address}`, async () => {
    assert.deepEqual((await clicked({ notification: { actions: ACTIONS }, action })).opened, [address]);
  });
}

test('an action leads a window of the app like any click', async () => {
  const pages = [{ path: '/a' }];
  const { windows } = await clicked({ notification: { actions: ACTIONS }, action: 'yes', pages });
  assert.deepEqual(windows, [['https://app.example/yes', 1]]);
});

test('words that were no notification lead to the worker’s pages', async () => {
  const { browser, worker } = await startedWorker();
  browser.pages = [];
  await worker.push('plain words');
  await worker.click();
  assert.deepEqual(worker.opened, ['https://app.example/']);
});

test('what Safari shows itself leads where it says', async () => {
  const { browser, worker } = await startedWorker();
  browser.pages = [];
  const { notification } = declared();
  await worker.fire('notificationclick', { action: '', notification: { ...notification, close() {} } });
  assert.deepEqual(worker.opened, [TEA]);
});
