// Safari 18.4 and later read the declaration themselves: the worker gets `event.notification`, and perhaps no data.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { declared } from './payloads.mjs';
import { startedWorker } from './started.mjs';

/** The event's `notification`: every attribute is there, with the default where the payload was silent. */
function readBySafari({ notification }) {
  const { mutable, ...said } = notification;
  const defaults = { body: '', tag: '', dir: 'auto', lang: '', icon: '', data: null, silent: null, actions: [] };
  return { ...defaults, ...said };
}

async function startedSafari() {
  const { worker, ...others } = await startedWorker();
  worker.notifications.navigates = true;
  return { worker, ...others };
}

test('without data, what was declared is shown with where it leads, and relayed', async () => {
  const { page, worker } = await startedSafari();
  const payload = declared({ notification: { data: { data: { article: 7 } } } });
  assert.deepEqual(await worker.push(undefined, { notification: readBySafari(payload), appBadge: 4 }),
    { waits: 1, failures: [] });
  const { title, body, navigate } = worker.notifications.latest;
  assert.deepEqual([title, body, navigate], ['Tea', 'is ready', 'https://app.example/tea']);
  const [{ fanfare }] = page.received;
  assert.deepEqual([fanfare.id, fanfare.data.article, fanfare.raw], ['ntf_1', 7, undefined]);
  assert.equal(worker.badge, 4);
});

test('with data as well it is shown and relayed once', async () => {
  const { page, worker } = await startedSafari();
  const payload = declared({ app_badge: 2 });
  await worker.push(payload, { notification: readBySafari(payload), appBadge: null });
  assert.equal(worker.notifications.calls.length, 1);
  assert.equal(page.received.length, 1);
  assert.equal(worker.badge, 2);
});

test('a push that is not declared is no worse off', async () => {
  const { worker } = await startedSafari();
  await worker.push('plain words', { notification: null });
  assert.equal(worker.notifications.latest.body, 'plain words');
  assert.equal('navigate' in worker.notifications.calls[0].options, false);
});

test('elsewhere `navigate` is no option, for it would take the click away from the worker', async () => {
  const { worker } = await startedWorker();
  await worker.push(declared());
  const [{ options }] = worker.notifications.calls;
  assert.equal('navigate' in options, false);
  assert.equal(options.data.fanfare.navigate, 'https://app.example/tea');
});

test('a newer one that stays still leads where it led', async () => {
  const { worker } = await startedSafari();
  for (const seq of [2, 1]) {
    const link = `https://app.example/${seq}`;
    const payload = declared({ notification: { tag: 'score', navigate: link } }, { id: `ntf_${seq}`, seq });
    await worker.push(undefined, { notification: readBySafari(payload) });
  }
  assert.equal(worker.notifications.latest.navigate, 'https://app.example/2');
  assert.equal(worker.notifications.calls.length, 2);
});

test('what the browser holds as absent is not passed on as null', async () => {
  const { worker } = await startedSafari();
  await worker.push(undefined, { notification: readBySafari(declared()) });
  assert.equal('silent' in worker.notifications.calls[0].options, false);
});

test('an iPhone says that the page must be installed first, and why subscribing fails', async () => {
  const browser = new Browser();
  const { globals } = browser.openPage({ missing: ['PushManager', 'Notification'], standalone: false });
  assert.equal(globals.Fanfare.support(), 'ios-needs-install');
  await assert.rejects(globals.Fanfare.init().subscribe('news'), { name: 'FanfareError', code: 'ios-needs-install' });
});
