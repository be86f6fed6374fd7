// What `support()` says, and that loading and asking never throw where Web Push is not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { idle } from './fakes/clock.mjs';
import { served, source } from './fakes/scripts.mjs';

const CASES = [
  ['supported', {}],
  ['unsupported', { missing: ['PushManager'] }],
  ['unsupported', { missing: ['serviceWorker'] }],
  ['unsupported', { missing: ['Notification'] }],
  ['unsupported', { missing: ['PushManager'], standalone: true }],
  ['ios-needs-install', { missing: ['PushManager'], standalone: false }],
  ['insecure-context', { isSecure: false, missing: ['serviceWorker'] }],
];

for (const [expected, options] of CASES) {
  test(`${JSON.stringify(options)} is ${expected}`, async () => {
    const browser = new Browser();
    const page = browser.openPage(options);
    assert.equal(page.globals.Fanfare.support(), expected);
    const client = page.init();
    await idle();
    assert.equal(client.support(), expected);
    const state = await client.state();
    assert.deepEqual([state.support, state.permission, state.subscribed], [expected, 'default', false]);
    assert.equal((await client.unsubscribe()).subscribed, false);
    if (expected === 'supported') return;
    await assert.rejects(client.subscribe('news'), { name: 'FanfareError', code: expected, message: /\w/ });
    assert.equal(browser.asked, undefined, 'it asked for a permission in vain');
  });
}

test('a permission that was denied is known beforehand, and not asked for again', async () => {
  const browser = new Browser();
  browser.permission = 'denied';
  const client = browser.openPage().init();
  assert.equal(client.support(), 'denied');
  await assert.rejects(client.subscribe('news'), { code: 'denied' });
  assert.equal(browser.asked, undefined);
});

test('loading it makes one global name', () => {
  const { realm, before } = new Browser().openPage();
  assert.deepEqual(realm.names().filter((name) => !before.includes(name)), ['Fanfare']);
});

test('what it offers is what its types say', () => {
  const page = new Browser().openPage();
  assert.deepEqual(Object.keys(page.globals.Fanfare).sort(), ['FanfareError', 'init', 'support']);
  const client = ['on', 'state', 'subscribe', 'support', 'test', 'unsubscribe'];
  assert.deepEqual(Object.keys(page.init()).sort(), client);
  const types = String(source('fanfare.d.ts'));
  const declared = types.slice(types.indexOf('interface Client'), types.indexOf('/** Starts the SDK'));
  const names = Array.from(declared.matchAll(/^  (\w+)[(<]/gm), ([, name]) => name);
  assert.deepEqual([...new Set(names)].sort(), client);
});

test('the module exports the same', async () => {
  const page = new Browser().openPage();
  const module = await page.realm.runModule(served['fanfare.mjs']);
  assert.deepEqual(Object.keys(module).sort(), ['FanfareError', 'default', 'init', 'support']);
  assert.equal(module.default, page.globals.Fanfare);
  assert.equal(module.init, page.globals.Fanfare.init);
});
