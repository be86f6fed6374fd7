// Whatever arrives and whatever fails, a push is shown: browsers take push away from sites that stay silent.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { declared } from './payloads.mjs';
import { startedWorker } from './started.mjs';

const longest = (text) => 'x'.repeat(3967 - text.length) + text;

const PLAIN = [
  ['nothing', undefined, 'New message'],
  ['the empty text', '', 'New message'],
  ['words', 'plain words', 'plain words'],
  ['broken JSON', '{"notification":', '{"notification":'],
  ['an empty object', '{}', 'New message'],
  ['an array', '[1, 2]', 'New message'],
  ['an empty array', '[]', 'New message'],
  ['null', 'null', 'New message'],
  ['a number', '42', '42'],
  ['a boolean', 'false', 'false'],
  ['a JSON text', '"hello"', '"hello"'],
  ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00), 'New message'],
  ['a notification that is null', '{"notification":null}', 'New message'],
  ['a notification that is a text', '{"notification":"x"}', 'New message'],
  ['no title', { notification: { body: 'b' } }, 'New message'],
  ['an empty title', { notification: { title: '' } }, 'New message'],
  ['a title that is a number', { notification: { title: 7, body: 'b' } }, 'New message'],
  ['a title that is an object', { notification: { title: {} } }, 'New message'],
  ['the longest text', longest(' end'), longest(' end')],
];

for (const [name, payload, body] of PLAIN) {
  test(`${name} is shown under the site's name, and relayed as it came`, async () => {
    const { page, worker } = await startedWorker();
    assert.deepEqual(await worker.push(payload), { waits: 1, failures: [] });
    const { title, body: said, data } = worker.notifications.latest;
    assert.deepEqual([title, said], ['app.example', body]);
    assert.ok(data.fanfare, 'a click could not be told from another’s');
    const [{ fanfare }] = page.received;
    if (typeof payload === 'string') assert.equal(fanfare.raw, payload);
  });
}

/** What no browser, or not every one, takes. */
const ODD = {
  'an unknown dir': { dir: 'up' },
  'renotify without a tag': { tag: '', renotify: true },
  'silent with vibrate': { silent: true, vibrate: [1] },
  'actions that are no list': { actions: 5 },
  'actions that are an object': { actions: {} },
  'an action that is null': { actions: [null] },
  'an action without a title': { actions: [{ action: 'a' }] },
  'vibrate that is no pattern': { vibrate: {} },
  'data that is a text': { data: 'x' },
  'a tag that is a number': { tag: 5 },
  'a navigate that is no URL': { navigate: 'http://' },
};

for (const [name, options] of Object.entries(ODD)) {
  for (const isSafari of [false, true]) {
    test(`${name} is shown${isSafari ? ' in Safari' : ''}`, async () => {
      const { worker } = await startedWorker();
      worker.notifications.navigates = isSafari;
      const payload = { notification: { title: 'Tea', body: 'is ready', tag: 't', ...options } };
      const more = isSafari ? { notification: payload.notification } : {};
      assert.deepEqual(await worker.push(payload, more), { waits: 1, failures: [] });
      assert.deepEqual([worker.notifications.latest.title, worker.notifications.latest.body], ['Tea', 'is ready']);
    });
  }
}

for (const fanfare of ['x', 5, null, [], true]) {
  test(`${JSON.stringify(fanfare)} in the place of our own data is shown`, async () => {
    const { worker } = await startedWorker();
    await worker.push({ notification: { title: 'Tea', data: { fanfare } } });
    assert.equal(worker.notifications.latest.title, 'Tea');
  });
}

test('a notification of 3967 bytes is shown whole', async () => {
  const { page, worker } = await startedWorker();
  const room = 3967 - JSON.stringify(declared({ notification: { body: '' } })).length;
  const payload = declared({ notification: { body: 'ä'.repeat(Math.floor(room / 2)) } });
  await worker.push(payload);
  assert.equal(worker.notifications.latest.body, payload.notification.body);
  assert.equal(page.received[0].fanfare.notification.body, payload.notification.body);
});

test('every option that is known is passed on, and none that was not said', async () => {
  const { worker } = await startedWorker();
  const options = {
    body: 'b', icon: 'https://app.example/i', image: 'https://app.example/m', badge: 'https://app.example/b', tag: 't',
    lang: 'de', dir: 'rtl', timestamp: 5, renotify: true, requireInteraction: true, silent: true,
    actions: [{ action: 'a', title: 'A', navigate: 'https://app.example/a' }],
  };
  await worker.push(declared({ notification: { navigate: undefined, ...options } }));
  const [{ title, options: { data, ...passed } }] = worker.notifications.calls;
  assert.deepEqual([title, passed], ['Tea', options]);
  assert.equal(data.fanfare.id, 'ntf_1');
});

test('what a browser refuses at first is shown with less', async () => {
  const { worker } = await startedWorker();
  worker.notifications.refusals = 1;
  assert.deepEqual((await worker.push(declared({ notification: { icon: 'https://app.example/i' } }))).failures, []);
  const { title, body, tag, icon, data } = worker.notifications.latest;
  assert.deepEqual([title, body, tag, icon, data.fanfare.id], ['Tea', 'is ready', 'ntf_1', '', 'ntf_1']);
});

test('what a browser refuses altogether is relayed all the same, and the refusal is told', async () => {
  const { browser, page, worker } = await startedWorker();
  browser.permission = 'denied';
  const { waits, failures } = await worker.push(declared());
  assert.deepEqual([waits, failures.map(({ name }) => name)], [1, ['TypeError']]);
  assert.equal(page.received[0].fanfare.id, 'ntf_1');
});

test('a refusal does not hold up the next push', async () => {
  const { worker } = await startedWorker();
  worker.notifications.refusals = 2;
  await worker.push(declared());
  await worker.push(declared({}, { id: 'ntf_2', seq: 2 }));
  assert.deepEqual(worker.notifications.shown.map(({ tag }) => tag), ['ntf_2']);
});

for (const fails of ['open', 'throws', 'commit']) {
  test(`it is shown and relayed where storage fails (${fails})`, async () => {
    const { browser, page, worker } = await startedWorker();
    browser.database.fails = fails;
    assert.deepEqual(await worker.push(declared()), { waits: 1, failures: [] });
    assert.equal(worker.notifications.shown.length, 1);
    assert.equal(page.received.length, 1);
  });
}

for (const without of ['isListable', 'getNotifications']) {
  test(`it is shown where the browser does not list what is on screen (${without})`, async () => {
    const { worker } = await startedWorker();
    await worker.push(declared({ notification: { tag: 'score' } }, { seq: 2 }));
    if (without === 'isListable') worker.notifications.isListable = false;
    else delete worker.registration.getNotifications;
    await worker.push(declared({ notification: { tag: 'score', body: 'late' } }, { id: 'ntf_2', seq: 1 }));
    assert.equal(worker.notifications.latest.body, 'late');
  });
}

/** Pushes of one tag, of which the later comes first: what is slow cannot be passed over unasked. */
function pushes(worker) {
  const push = (seq) => worker.push(declared({ notification: { tag: 'score' } }, { id: `ntf_${seq}`, seq }));
  push(2);
  push(1);
}

test('a browser that never says that it shows one holds up neither the next pushes nor what pages hear', async () => {
  const { browser, page, worker } = await startedWorker();
  worker.notifications.hangs = 1;
  for (const seq of [1, 2, 3]) worker.push(declared({}, { id: `ntf_${seq}`, seq }));
  await browser.clock.advance(1_999);
  assert.equal(worker.notifications.calls.length, 1, 'the order was not kept');
  await browser.clock.advance(1);
  assert.deepEqual(worker.notifications.shown.map(({ tag }) => tag).sort(), ['ntf_2', 'ntf_3']);
  assert.deepEqual(page.received.map(({ fanfare }) => fanfare.id).sort(), ['ntf_1', 'ntf_2', 'ntf_3']);
});

test('a browser that never says what is on screen shows all the same', async () => {
  const { browser, worker } = await startedWorker();
  worker.registration.getNotifications = () => new Promise(() => {});
  pushes(worker);
  await browser.clock.advance(2_000);
  assert.equal(worker.notifications.calls.length, 2);
});

test('storage that never answers keeps nothing from being shown and relayed', async () => {
  const { browser, page, worker } = await startedWorker();
  browser.database.fails = 'hangs';
  pushes(worker);
  for (let second = 0; second < 6; second += 1) await browser.clock.advance(1_000);
  assert.equal(worker.notifications.calls.length, 2);
  assert.equal(page.received.length, 2);
});

test('it is shown where pages cannot be told, and the badge is set', async () => {
  const { worker } = await startedWorker();
  worker.clients.matchAll = async () => { throw new TypeError('not now'); };
  assert.deepEqual(await worker.push(declared({ app_badge: 3 })), { waits: 1, failures: [] });
  assert.equal(worker.notifications.shown.length, 1);
  assert.equal(worker.badge, 3);
});

test('a badge that is none, or a browser without badges, changes nothing', async () => {
  const { worker } = await startedWorker();
  assert.deepEqual((await worker.push(declared({ app_badge: 'many' }))).failures, []);
  delete worker.globals.navigator.setAppBadge;
  assert.deepEqual((await worker.push(declared({ app_badge: 3 }, { id: 'ntf_2' }))).failures, []);
  assert.equal(worker.notifications.shown.length, 2);
});
