// The worker alone, in an app's own worker by importScripts, and in a module worker by import.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { declared } from './payloads.mjs';

const ADDRESS = 'https://push.example/sdk/fanfare-sw.js';

async function newWorker() {
  const browser = new Browser();
  browser.permission = 'granted';
  const page = browser.openPage();
  return { page, worker: await browser.startWorker() };
}

/** An app's own worker, of the kind that Workbox makes: its own listeners, its own names. */
const OWN_WORKER = `
  const heard = [];
  const storage = 'mine', options = 'mine', registration = 'mine', scope = 'mine', show = 'mine', call = 'mine';
  self.addEventListener('push', (event) => event.waitUntil(Promise.resolve(heard.push('push'))));
  self.addEventListener('notificationclick', (event) => heard.push('click ' + event.notification.title));
  self.addEventListener('fetch', () => heard.push('fetch'));
  self.heard = heard;
`;

async function ownListenersAndOurs(worker, page) {
  await worker.push(declared());
  assert.equal(worker.notifications.latest.title, 'Tea');
  assert.equal(page.received.length, 1);
  await worker.click();
  await worker.fire('fetch');
  assert.deepEqual(Array.from(worker.globals.heard), ['push', 'click Tea', 'fetch']);
}

test('alone it needs nothing else', async () => {
  const { page, worker } = await newWorker();
  worker.run();
  await worker.push(declared());
  assert.equal(worker.notifications.shown.length, 1);
  assert.equal(page.received.length, 1);
});

test('it leaves no global name behind', async () => {
  const { worker } = await newWorker();
  const before = worker.realm.names();
  worker.run();
  assert.deepEqual(worker.realm.names(), before);
});

for (const [name, script] of Object.entries({
  'before its own code': `importScripts('${ADDRESS}');${OWN_WORKER}`,
  'after its own code': `${OWN_WORKER};importScripts('${ADDRESS}');`,
})) {
  test(`an app’s own worker imports it ${name}, and both do their work`, async () => {
    const { page, worker } = await newWorker();
    worker.run(script);
    await ownListenersAndOurs(worker, page);
  });
}

test('a module worker imports it, and both do their work', async () => {
  const { page, worker } = await newWorker();
  await worker.realm.runModule(`import '${ADDRESS}';${OWN_WORKER}`);
  await ownListenersAndOurs(worker, page);
});

test('the app’s own notifications are left to it', async () => {
  const { worker } = await newWorker();
  worker.run();
  for (const data of [null, { mine: 1 }, 'text']) {
    await worker.notifications.show('Mine', { data });
    assert.deepEqual((await worker.click()).failures, []);
    await worker.fire('notificationclose', { notification: worker.notifications.handle(worker.notifications.latest) });
  }
  assert.equal(worker.notifications.shown.length, 3, 'one was closed');
  assert.deepEqual(worker.opened, []);
});

test('an app that shows a push itself stops it before it gets to ours', async () => {
  const { worker } = await newWorker();
  worker.run(`
    self.addEventListener('push', (event) => {
      event.stopImmediatePropagation();
      event.waitUntil(self.registration.showNotification('Mine'));
    });
    importScripts('${ADDRESS}');`);
  await worker.push(declared());
  assert.deepEqual(worker.notifications.shown.map(({ title }) => title), ['Mine']);
});

test('a listener of the app that throws does not stop ours', async () => {
  const { worker } = await newWorker();
  worker.run(`self.addEventListener('push', () => { throw new Error('mine'); });importScripts('${ADDRESS}');`);
  await worker.push(declared());
  assert.equal(worker.notifications.shown.length, 1);
});
