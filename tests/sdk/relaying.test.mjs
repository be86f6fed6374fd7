// What arrives is told to every open page, once; and under one tag the newer stays on screen.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { idle } from './fakes/clock.mjs';
import { declared } from './payloads.mjs';
import { startedWorker } from './started.mjs';

test('every open page hears it, also one that the worker does not control', async () => {
  const { browser, page, worker } = await startedWorker();
  const other = browser.openPage({ path: '/other' });
  other.isControlled = false;
  await worker.push(declared({ notification: { data: { kind: 'k', data: { article: 7 } } } }, { group: 'g' }));
  for (const { received } of [page, other]) {
    const [{ fanfare, scope }] = received;
    const { id, channel, epoch, seq, group, data, notification } = fanfare;
    assert.equal(scope, 'https://app.example/');
    assert.deepEqual([id, channel, epoch, seq, group], ['ntf_1', 'news', 'e', 1, 'g']);
    assert.deepEqual(data, { article: 7 });
    const { title, body, navigate, tag } = notification;
    assert.deepEqual([title, body, navigate, tag], ['Tea', 'is ready', 'https://app.example/tea', 'ntf_1']);
    assert.equal(notification.data.kind, 'k');
  }
});

test('a repeat is shown again under its tag, and relayed once', async () => {
  const { page, worker } = await startedWorker();
  await worker.push(declared());
  await worker.push(declared());
  assert.equal(worker.notifications.calls.length, 2);
  assert.equal(worker.notifications.shown.length, 1);
  assert.equal(page.received.length, 1);
});

test('two pushes of one notification at once are relayed once', async () => {
  const { page, worker } = await startedWorker();
  await Promise.all([worker.push(declared()), worker.push(declared())]);
  assert.equal(page.received.length, 1);
});

test('pages hear in the order in which the pushes came, also when finding them takes longer for one', async () => {
  const { page, worker } = await startedWorker();
  const { matchAll } = worker.clients;
  worker.clients.matchAll = async (options) => {
    worker.clients.matchAll = matchAll;
    await idle();
    return matchAll(options);
  };
  const pushes = [1, 2, 3].map((seq) => worker.push(declared({}, { id: `ntf_${seq}`, seq })));
  await Promise.all(pushes);
  assert.deepEqual(page.received.map(({ fanfare }) => fanfare.seq), [1, 2, 3]);
});

test('a repeat is known after 199 others, and the memory does not grow beyond 200', async () => {
  const { browser, page, worker } = await startedWorker();
  for (let seq = 1; seq <= 200; seq += 1) await worker.push(declared({}, { id: `ntf_${seq}`, seq }));
  await worker.push(declared());
  assert.equal(page.received.length, 200);
  await worker.push(declared({}, { id: 'ntf_201', seq: 201 }));
  assert.equal(browser.database.rows.get('https://app.example/ relayed').length, 200);
});

test('a page that loads the SDK hears it as a message', async () => {
  const { page, worker } = await startedWorker();
  const heard = [];
  page.init({ scope: '/' }).on('message', ({ id }) => heard.push(id));
  page.init({ scope: '/elsewhere/' }).on('message', () => heard.push('wrong scope'));
  await worker.push(declared());
  assert.deepEqual(heard, ['ntf_1']);
});

/** What is on screen under the tag `score` when these have come, in this order. */
async function onScreen(...fanfares) {
  const { worker } = await startedWorker();
  for (const [index, fanfare] of fanfares.entries()) {
    const notification = { title: fanfare.body, body: fanfare.body, tag: 'score', renotify: true };
    await worker.push(declared({ notification }, { ...fanfare, id: `ntf_${index}` }));
  }
  assert.equal(worker.notifications.calls.length, fanfares.length, 'one of them was silent');
  return worker.notifications.shown.map(({ title, body, data }) => [title, body, data.fanfare.id]);
}

test('what is newer in the same log stays, and its words with it', async () => {
  assert.deepEqual(await onScreen({ seq: 2, body: '2:0' }, { seq: 1, body: '1:0' }), [['2:0', '2:0', 'ntf_0']]);
  assert.deepEqual(await onScreen({ seq: 9, body: 'a' }, { seq: 10, body: 'b' }), [['b', 'b', 'ntf_1']]);
});

test('numbers of other channels and other epochs say nothing: the later push is shown', async () => {
  const later = [['b', 'b', 'ntf_1']];
  assert.deepEqual(await onScreen({ seq: 2, body: 'a' }, { seq: 1, channel: 'other', body: 'b' }), later);
  assert.deepEqual(await onScreen({ seq: 2, body: 'a' }, { seq: 1, epoch: 'f', body: 'b' }), later);
});

// Chromium forgets a notification for good that is on its way to the desktop when somebody asks what is there.
test('the browser is asked what is on screen only where something newer was shown under that tag', async () => {
  const { worker } = await startedWorker();
  const push = (seq, more) => worker.push(declared(more, { id: `ntf_${seq}`, seq }));
  for (const seq of [1, 2, 2, 1]) await push(seq);
  for (const seq of [3, 4]) await push(seq, { notification: { tag: 'score' } });
  await push(5, { notification: { tag: 'weather' } });
  assert.equal(worker.notifications.lists, 0);
  await push(3, { notification: { tag: 'score' } });
  assert.equal(worker.notifications.lists, 1);
});

test('what is newer stays also when another worker of that scope showed it', async () => {
  const { browser, worker } = await startedWorker();
  await worker.push(declared({ notification: { tag: 'score', body: '2:0' } }, { seq: 2 }));
  const next = await browser.startWorker();
  next.run();
  await next.push(declared({ notification: { tag: 'score', body: '1:0' } }, { id: 'ntf_0', seq: 1 }));
  assert.deepEqual(next.notifications.shown.map(({ body }) => body), ['2:0']);
});

test('an older one that comes late does not sound again', async () => {
  const { worker } = await startedWorker();
  for (const seq of [2, 1]) {
    await worker.push(declared({ notification: { tag: 'score', renotify: true } }, { id: `ntf_${seq}`, seq }));
  }
  assert.deepEqual(worker.notifications.calls.map(({ options }) => options.renotify), [true, false]);
});

test('pushes that come at once are shown one after the other, so that the newer stays', async () => {
  const { worker } = await startedWorker();
  const at = (seq) => declared({ notification: { tag: 'score', body: `${seq}` } }, { id: `ntf_${seq}`, seq });
  const push = (seq) => worker.push(at(seq));
  await Promise.all([push(3), push(1), push(2)]);
  assert.deepEqual(worker.notifications.shown.map(({ body }) => body), ['3']);
});

test('the badge is set, and taken away by zero', async () => {
  const { worker } = await startedWorker();
  await worker.push(declared({ app_badge: 3 }));
  assert.equal(worker.badge, 3);
  await worker.push(declared({ app_badge: 0 }, { id: 'ntf_2' }));
  assert.equal(worker.badge, 0);
  await worker.push(declared({}, { id: 'ntf_3' }));
  await idle();
  assert.equal(worker.badge, 0, 'a push without a badge changed it');
});
