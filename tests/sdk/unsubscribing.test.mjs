// Leaving: one channel or all, by the secret, without a token, and also when the server does not hear it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { idle } from './fakes/clock.mjs';

const SCOPE = 'https://app.example/';

async function subscribed() {
  const browser = new Browser();
  const page = browser.openPage();
  const client = page.init();
  await client.subscribe('news');
  await client.subscribe('user:42', { token: 'good' });
  browser.server.look();
  const registration = await browser.registrations.getRegistration(SCOPE);
  const browsersOwn = () => registration.pushManager.getSubscription();
  return { browser, client, server: browser.server, browsersOwn };
}

const kept = (browser) => browser.database.rows.get(SCOPE);
const channels = (state) => Array.from(state.channels);

test('one channel is left by the secret, and the others stay', async () => {
  const { browser, client, server, browsersOwn } = await subscribed();
  assert.deepEqual(channels(await client.unsubscribe('user:42')), ['news']);
  const [{ method, path, headers }] = server.requests;
  assert.deepEqual([method, path], ['DELETE', '/v1/channels/user:42/subscriptions/sub_1']);
  assert.equal(headers.Authorization, 'Bearer ss_sub_1');
  assert.deepEqual(kept(browser).channels, ['news']);
  assert.ok(await browsersOwn());
});

test('a channel that is not held may be left', async () => {
  const { client } = await subscribed();
  assert.deepEqual(channels(await client.unsubscribe('team:7')), ['news', 'user:42']);
});

test('leaving everything makes server, browser and page forget', async () => {
  const { browser, client, server, browsersOwn } = await subscribed();
  const { subscribed: still, id, channels: left, pushService } = await client.unsubscribe();
  assert.deepEqual([still, id, Array.from(left), pushService], [false, null, [], null]);
  assert.deepEqual(server.look(), ['DELETE /v1/subscriptions/sub_1']);
  assert.equal(server.subscriptions.size, 0);
  assert.equal(await browsersOwn(), null);
  assert.equal(kept(browser), undefined);
});

test('offline, leaving everything is the browser’s half, and leaving one channel changes nothing', async () => {
  const { browser, client, server, browsersOwn } = await subscribed();
  server.isOffline = true;
  await assert.rejects(client.unsubscribe('news'), { code: 'server-unreachable' });
  assert.deepEqual(kept(browser).channels, ['news', 'user:42']);
  assert.equal((await client.unsubscribe()).subscribed, false);
  assert.equal(await browsersOwn(), null);
  assert.equal(kept(browser), undefined);
});

test('who is not subscribed may leave, and asks nobody', async () => {
  const browser = new Browser();
  const client = browser.openPage().init();
  assert.equal((await client.unsubscribe()).subscribed, false);
  assert.equal((await client.unsubscribe('news')).subscribed, false);
  assert.deepEqual(browser.server.look(), []);
});

test('a browser’s subscription of which nothing is kept is ended all the same', async () => {
  const { browser, client, server, browsersOwn } = await subscribed();
  browser.database.rows.clear();
  await client.unsubscribe();
  assert.equal(await browsersOwn(), null);
  assert.deepEqual(server.look(), []);
});

test('the other tab hears of it', async () => {
  const { browser, client } = await subscribed();
  const other = browser.openPage().init();
  let changes = 0;
  other.on('change', () => { changes += 1; });
  await client.unsubscribe();
  await idle();
  assert.equal(changes, 1);
  assert.equal((await other.state()).subscribed, false);
});

test('a test push goes to this browser alone, and needs a subscription', async () => {
  const { client, server } = await subscribed();
  await client.test();
  assert.deepEqual(server.look(), ['POST /v1/subscriptions/sub_1/test']);
  await client.unsubscribe();
  await assert.rejects(client.test(), { name: 'FanfareError', code: 'not-subscribed' });
});
