// Receipts: sent where the app counts them, after everything that matters, at most once, and never a reason to fail.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { declared } from './payloads.mjs';
import { startedWorker } from './started.mjs';

async function subscribed() {
  const { browser, page, worker } = await startedWorker();
  await page.init({ scope: '/' }).subscribe('news');
  browser.server.look();
  browser.pages = [];
  return { browser, server: browser.server, worker };
}

const counted = (more = {}, fanfare = {}) => declared(more, { receipts: true, ...fanfare });
const close = (worker) => worker.fire('notificationclose', {
  notification: worker.notifications.handle(worker.notifications.latest),
});

test('shown, clicked and closed are told by the subscription’s secret', async () => {
  const { server, worker } = await subscribed();
  await worker.push(counted());
  assert.deepEqual(await close(worker), { waits: 1, failures: [] });
  await worker.click();
  assert.deepEqual(server.receipts, ['shown', 'closed', 'clicked'].map((event) => ({ notification: 'ntf_1', event })));
  for (const { method, path, headers, keepalive } of server.requests) {
    assert.deepEqual([method, path, keepalive], ['POST', '/v1/subscriptions/sub_1/receipts', true]);
    const type = 'application/json';
    const expected = { 'Authorization': 'Bearer ss_sub_1', 'Content-Type': type, 'Fanfare-App': 'default' };
    assert.deepEqual(headers, expected);
  }
});

for (const receipts of [undefined, false, null, 1, 'true']) {
  test(`with receipts ${JSON.stringify(receipts)} nothing is told`, async () => {
    const { server, worker } = await subscribed();
    await worker.push(declared({}, { receipts }));
    await close(worker);
    await worker.click();
    assert.deepEqual(server.look(), []);
  });
}

test('it is shown and relayed before it is told', async () => {
  const { browser, server, worker } = await subscribed();
  const page = browser.openPage();
  let atTelling;
  server.override = () => {
    atTelling = [worker.notifications.shown.length, page.received.length, worker.badge];
    return undefined;
  };
  await worker.push(counted({ app_badge: 2 }));
  assert.deepEqual(atTelling, [1, 1, 2]);
});

test('a repeat is not told again', async () => {
  const { server, worker } = await subscribed();
  await worker.push(counted());
  await worker.push(counted());
  assert.equal(server.receipts.length, 1);
});

test('what could not be shown, or stayed behind a newer one, is not told as shown', async () => {
  const { server, worker } = await subscribed();
  worker.notifications.refusals = 2;
  await worker.push(counted());
  assert.deepEqual(server.receipts, []);
  const at = (seq) => counted({ notification: { tag: 'score' } }, { id: `ntf_${seq}`, seq });
  await worker.push(at(3));
  await worker.push(at(2));
  assert.deepEqual(server.receipts.map(({ notification }) => notification), ['ntf_3']);
});

const FAILURES = {
  'no network': ({ server }) => { server.isOffline = true; },
  'a refusal': ({ server }) => { server.override = () => ({ status: 404 }); },
  'storage that fails': ({ browser }) => { browser.database.fails = 'open'; },
  'nobody subscribed': ({ browser }) => { browser.database.rows.clear(); },
};

for (const [name, arrange] of Object.entries(FAILURES)) {
  test(`with ${name} everything else happens, and it is not tried again`, async () => {
    const at = await subscribed();
    arrange(at);
    assert.deepEqual(await at.worker.push(counted()), { waits: 1, failures: [] });
    assert.equal(at.worker.notifications.shown.length, 1);
    assert.deepEqual(await at.worker.click(), { waits: 1, failures: [] });
    assert.deepEqual(at.worker.opened, ['https://app.example/tea']);
    assert.ok(at.server.requests.length <= 2, 'one attempt each');
  });
}

test('a click is told also where no window could be opened', async () => {
  const { server, worker } = await subscribed();
  worker.clients.openWindow = async () => { throw new TypeError('blocked'); };
  await worker.push(counted());
  assert.equal((await worker.click()).failures.length, 1);
  assert.deepEqual(server.receipts.map(({ event }) => event), ['shown', 'clicked']);
});
