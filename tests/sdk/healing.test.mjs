// At page load the SDK heals what changed while no page was open, with at most one request a day when nothing did.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { idle } from './fakes/clock.mjs';

const SCOPE = 'https://app.example/';
const DAY_MS = 24 * 60 * 60 * 1000;

async function subscribed() {
  const browser = new Browser();
  await browser.openPage().init().subscribe('news');
  browser.server.look();
  const { pushManager } = await browser.registrations.getRegistration(SCOPE);
  return { browser, server: browser.server, pushManager, record: kept(browser) };
}

const kept = (browser) => browser.database.rows.get(SCOPE);

/** What a page that is opened now asks of the server. */
async function load(browser, options) {
  browser.server.look();
  browser.openPage().init(options);
  await idle();
  return browser.server.look();
}

test('within a day, nothing is asked; after it, once', async () => {
  const { browser } = await subscribed();
  assert.deepEqual(await load(browser), []);
  await browser.clock.advance(DAY_MS - 1);
  assert.deepEqual(await load(browser), []);
  await browser.clock.advance(1);
  assert.deepEqual(await load(browser), ['GET /v1/subscriptions/sub_1']);
  assert.deepEqual(await load(browser), []);
});

test('a clock that was a year ahead does not put the question off', async () => {
  const { browser } = await subscribed();
  await browser.clock.advance(-365 * DAY_MS);
  assert.deepEqual(await load(browser), ['GET /v1/subscriptions/sub_1']);
});

test('two tabs that open at once ask once', async () => {
  const { browser, server } = await subscribed();
  await browser.clock.advance(DAY_MS);
  browser.openPage().init();
  browser.openPage().init();
  await idle();
  assert.deepEqual(server.look(), ['GET /v1/subscriptions/sub_1']);
});

test('channels that the server changed are known after it', async () => {
  const { browser, server } = await subscribed();
  server.subscriptions.get('sub_1').channels = new Set(['team:7']);
  await browser.clock.advance(DAY_MS);
  await load(browser);
  assert.deepEqual(kept(browser).channels, ['team:7']);
});

test('a key rotated at the server: it subscribes anew under the same id, and once', async () => {
  const { browser, server, record } = await subscribed();
  server.rotate();
  await browser.clock.advance(DAY_MS);
  const put = 'PUT /v1/subscriptions/sub_1';
  assert.deepEqual(await load(browser), ['GET /v1/subscriptions/sub_1', 'GET /v1/push-key', put]);
  const { endpoint, push_key, channels } = server.subscriptions.get('sub_1');
  assert.notEqual(endpoint, record.endpoint);
  assert.equal(push_key, server.key);
  assert.deepEqual([...channels], ['news']);
  assert.deepEqual(kept(browser), { ...record, endpoint, push_key, checked: browser.clock.now });
  await browser.clock.advance(DAY_MS);
  assert.deepEqual(await load(browser), ['GET /v1/subscriptions/sub_1']);
});

test('a push service that forgot what the browser still has: it subscribes anew under the same id', async () => {
  const { browser, server, record } = await subscribed();
  server.subscriptions.get('sub_1').state = 'gone';
  await browser.clock.advance(DAY_MS);
  await load(browser);
  assert.notEqual(kept(browser).endpoint, record.endpoint);
  assert.equal(kept(browser).id, 'sub_1');
  assert.equal(server.subscriptions.get('sub_1').state, 'active');
});

test('an endpoint that the browser replaced is told at once', async () => {
  const { browser, server, pushManager } = await subscribed();
  const { newSubscription } = pushManager.replace();
  assert.deepEqual(await load(browser), ['PUT /v1/subscriptions/sub_1']);
  assert.equal(server.subscriptions.get('sub_1').endpoint, newSubscription.endpoint);
  assert.deepEqual(await load(browser), []);
});

test('a subscription that the browser lost is made again', async () => {
  const { browser, server, pushManager } = await subscribed();
  pushManager.forget();
  assert.deepEqual(await load(browser), ['GET /v1/push-key', 'PUT /v1/subscriptions/sub_1']);
  assert.equal(server.subscriptions.get('sub_1').endpoint, (await pushManager.getSubscription()).endpoint);
});

test('a browser that replaced it, and a key that the server no longer has: both are healed at once', async () => {
  const { browser, server, pushManager } = await subscribed();
  pushManager.replace();
  server.rotate();
  server.keys.shift();
  await load(browser);
  assert.equal(server.subscriptions.get('sub_1').push_key, server.key);
  assert.equal(kept(browser).push_key, server.key);
});

for (const [name, arrange] of Object.entries({
  'was deleted': (server) => server.subscriptions.clear(),
  'is another database, where our secret opens nothing': (server) => {
    server.override = ({ path }) => (path.startsWith('/v1/subscriptions') ? { status: 401 } : undefined);
  },
})) {
  test(`what the server says ${name} is dropped, so that the page may subscribe again`, async () => {
    const { browser, server, pushManager } = await subscribed();
    arrange(server);
    await browser.clock.advance(DAY_MS);
    await load(browser);
    assert.equal(kept(browser), undefined);
    pushManager.replace();
    assert.equal((await browser.openPage().init().state()).subscribed, false);
  });
}

test('offline, nothing changes, and the next load tries again', async () => {
  const { browser, server, record } = await subscribed();
  await browser.clock.advance(DAY_MS);
  server.isOffline = true;
  await load(browser);
  assert.deepEqual(kept(browser), record);
  server.isOffline = false;
  assert.deepEqual(await load(browser), ['GET /v1/subscriptions/sub_1']);
});

test('anew, but offline before the server heard of it: the next load tells it', async () => {
  const { browser, server, record } = await subscribed();
  server.rotate();
  await browser.clock.advance(DAY_MS);
  server.override = ({ method }) => (method === 'PUT' ? { status: 503 } : undefined);
  await load(browser);
  assert.deepEqual(kept(browser), record);
  server.override = () => undefined;
  assert.deepEqual(await load(browser), ['PUT /v1/subscriptions/sub_1']);
  assert.equal(server.subscriptions.get('sub_1').push_key, server.key);
});

test('without the permission nothing is asked and nothing is forgotten', async () => {
  const { browser, pushManager, record } = await subscribed();
  pushManager.forget();
  browser.permission = 'default';
  assert.deepEqual(await load(browser), []);
  assert.deepEqual(kept(browser), record);
  assert.equal((await browser.openPage().init().state()).subscribed, false);
  assert.equal(browser.asked, 1, 'it asked without a gesture');
});

test('who never subscribed registers no worker and asks nothing', async () => {
  const browser = new Browser();
  browser.permission = 'granted';
  assert.deepEqual(await load(browser), []);
  assert.equal(browser.registrations.calls.length, 0);
});

test('a worker that moved is registered at its new place', async () => {
  const { browser } = await subscribed();
  browser.scripts.add('/sw.js');
  await load(browser, { worker: '/sw.js' });
  assert.equal(browser.registrations.calls.at(-1).url, `${SCOPE}sw.js`);
});

test('another server’s or app’s subscription on the same scope is not ours to show, heal or end', async () => {
  const { browser, server, pushManager, record } = await subscribed();
  pushManager.replace();
  for (const options of [{ server: 'https://second.example' }, { app: 'second' }]) {
    assert.deepEqual(await load(browser, options), []);
    const second = browser.openPage().init(options);
    assert.equal((await second.state()).subscribed, false);
    await second.unsubscribe('news');
    await second.unsubscribe();
    assert.ok(await pushManager.getSubscription(), 'it ended the first one’s');
    assert.deepEqual(kept(browser), record);
    await assert.rejects(second.test(), { code: 'not-subscribed' });
  }
  assert.deepEqual(server.look(), []);
});

test('another app that subscribes on the same scope takes it over', async () => {
  const { browser } = await subscribed();
  const second = browser.openPage().init({ app: 'second' });
  const { id } = await second.subscribe('news');
  assert.deepEqual([kept(browser).app, kept(browser).id], ['second', id]);
  assert.equal((await browser.openPage().init().state()).subscribed, false);
});
