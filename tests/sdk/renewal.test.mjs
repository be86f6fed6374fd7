// A subscription that the browser replaced or lost is renewed by the worker, with no page open and no token.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { idle } from './fakes/clock.mjs';
import { startedWorker } from './started.mjs';

const SCOPE = 'https://app.example/';

async function subscribed() {
  const { browser, page, worker } = await startedWorker();
  const client = page.init({ scope: '/' });
  await client.subscribe('news');
  browser.server.look();
  return { ...browser, browser, client, worker, manager: worker.registration.pushManager, record: kept(browser) };
}

const kept = (browser) => browser.database.rows.get(SCOPE);

test('the browser’s new subscription is told to the server, under the same id', async () => {
  const { browser, server, worker, manager, record } = await subscribed();
  const change = manager.replace();
  assert.deepEqual(await worker.fire('pushsubscriptionchange', change), { waits: 1, failures: [] });
  assert.deepEqual(server.look(), [`PUT /v1/subscriptions/${record.id}`]);
  assert.equal(server.subscriptions.get(record.id).endpoint, change.newSubscription.endpoint);
  assert.deepEqual(kept(browser), { ...record, endpoint: change.newSubscription.endpoint });
});

test('pages hear of it', async () => {
  const { client, worker, manager } = await subscribed();
  let changes = 0;
  client.on('change', () => { changes += 1; });
  await worker.fire('pushsubscriptionchange', manager.replace());
  await idle();
  assert.equal(changes, 1);
});

for (const nothing of [null, undefined]) {
  test(`with ${nothing} for both, and nothing left, it subscribes again with the same key`, async () => {
    const { browser, server, worker, manager, record } = await subscribed();
    manager.forget();
    await worker.fire('pushsubscriptionchange', { oldSubscription: nothing, newSubscription: nothing });
    const { endpoint, push_key, channels } = server.subscriptions.get(record.id);
    assert.notEqual(endpoint, record.endpoint);
    assert.equal(push_key, record.push_key);
    assert.deepEqual([...channels], ['news']);
    assert.equal(kept(browser).endpoint, endpoint);
  });
}

test('with both null it takes what the browser has', async () => {
  const { server, worker, manager, record, pushService } = await subscribed();
  const { newSubscription } = manager.replace();
  await worker.fire('pushsubscriptionchange', { oldSubscription: null, newSubscription: null });
  assert.equal(server.subscriptions.get(record.id).endpoint, newSubscription.endpoint);
  assert.equal(pushService.subscribed.length, 1);
});

test('a server that never answers is given ten seconds, and then the page may do it', async () => {
  const { browser, server, client, worker, manager, record } = await subscribed();
  const change = manager.replace();
  server.hangs = true;
  const renewing = worker.fire('pushsubscriptionchange', change);
  await browser.clock.advance(9_999);
  server.hangs = false;
  const subscribing = client.subscribe('user:42', { token: 'good' });
  await browser.clock.advance(1);
  assert.equal((await renewing).failures.length, 1);
  assert.equal((await subscribing).id, record.id);
  assert.equal(server.subscriptions.get(record.id).endpoint, change.newSubscription.endpoint);
});

test('what has not changed is told to nobody', async () => {
  const { server, worker } = await subscribed();
  await worker.fire('pushsubscriptionchange', { oldSubscription: null, newSubscription: null });
  assert.deepEqual(server.look(), []);
});

test('whoever is not subscribed stays so', async () => {
  const { client, server, worker, pushService } = await subscribed();
  await client.unsubscribe();
  server.look();
  await worker.fire('pushsubscriptionchange', { oldSubscription: null, newSubscription: null });
  assert.deepEqual(server.look(), []);
  assert.equal(pushService.subscribed.length, 1);
});

/** Each ends with the record as it was, so that the SDK tries again when a page is loaded. */
const FAILURES = {
  'the permission lost': ({ browser, manager }) => {
    manager.forget();
    browser.permission = 'denied';
  },
  'the push service out of reach': ({ manager, pushService }) => {
    manager.forget();
    pushService.isReachable = false;
  },
  'no network': ({ manager, server }) => {
    manager.forget();
    server.isOffline = true;
  },
  'a server that knows it no more (404)': ({ manager, server, record }) => {
    manager.forget();
    server.subscriptions.delete(record.id);
  },
  'an endpoint in use (409)': ({ manager, server }) => {
    manager.forget();
    server.override = () => ({ status: 409, type: 'application/problem+json', body: { type: 'endpoint-in-use' } });
  },
  'a proxy’s page': ({ manager, server }) => {
    manager.forget();
    server.override = () => ({ status: 502, type: 'text/html', body: '<h1>Bad gateway</h1>' });
  },
};

for (const [name, arrange] of Object.entries(FAILURES)) {
  test(`with ${name}, what is kept stays as it was, and the lock is free`, async () => {
    const at = await subscribed();
    arrange(at);
    const { waits } = await at.worker.fire('pushsubscriptionchange', { oldSubscription: null, newSubscription: null });
    assert.equal(waits, 1);
    assert.deepEqual(kept(at.browser), at.record);
    assert.equal(await at.locks.request(`fanfare ${SCOPE}`, () => 'free'), 'free');
  });
}

test('where another subscription turns out to be the same browser, its id and secret are kept', async () => {
  const { browser, server, worker, manager, record } = await subscribed();
  const merged = { id: 'sub_9', secret: 'ss_sub_9', channels: ['news', 'team'] };
  server.override = () => ({ status: 200, type: 'application/json', body: merged });
  const { newSubscription } = manager.replace();
  await worker.fire('pushsubscriptionchange', { newSubscription });
  assert.deepEqual(kept(browser), { ...record, ...merged, endpoint: newSubscription.endpoint });
});

test('the new one that the event brings is taken without asking the browser', async () => {
  const { server, worker, manager, record, pushService } = await subscribed();
  const change = manager.replace();
  pushService.hangs = true;
  await worker.fire('pushsubscriptionchange', change);
  assert.equal(server.subscriptions.get(record.id).endpoint, change.newSubscription.endpoint);
});

test('while a page subscribes, the worker waits, and then finds nothing left to do', async () => {
  const { browser, server, locks, worker, manager } = await subscribed();
  const { newSubscription } = manager.replace();
  let release;
  const held = locks.request(`fanfare ${SCOPE}`, () => new Promise((resolve) => { release = resolve; }));
  const renewing = worker.fire('pushsubscriptionchange', { newSubscription });
  await idle();
  assert.deepEqual(server.look(), []);
  browser.database.rows.set(SCOPE, { ...kept(browser), endpoint: newSubscription.endpoint });
  release();
  await Promise.all([held, renewing]);
  assert.deepEqual(server.look(), []);
});
