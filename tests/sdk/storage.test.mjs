// IndexedDB that is blocked, private or full: a typed error, and nothing half done.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';

for (const fails of ['open', 'throws']) {
  test(`without storage (${fails}) every call says so, and neither browser nor server is asked`, async () => {
    const browser = new Browser();
    const client = browser.openPage().init();
    browser.database.fails = fails;
    for (const call of [
      () => client.subscribe('news'), () => client.state(), () => client.test(), () => client.unsubscribe(),
      () => client.unsubscribe('news'),
    ]) {
      await assert.rejects(call, { name: 'FanfareError', code: 'storage-unavailable', message: /stores nothing/ });
    }
    assert.deepEqual(browser.server.look(), []);
    assert.equal(browser.pushService.subscribed.length, 0);
  });
}

test('where IndexedDB is not even there, the error is the same', async () => {
  const client = new Browser().openPage({ missing: ['indexedDB'] }).init();
  await assert.rejects(client.subscribe('news'), { code: 'storage-unavailable' });
});

test('the reason is told as the cause', async () => {
  const browser = new Browser();
  browser.database.fails = 'throws';
  const error = await browser.openPage().init().state().catch((one) => one);
  assert.equal(error.cause.name, 'SecurityError');
});

test('what could not be written is made good by the next attempt', async () => {
  const browser = new Browser();
  const client = browser.openPage().init();
  browser.database.fails = 'commit';
  await assert.rejects(client.subscribe('news'), { code: 'storage-unavailable' });
  assert.equal((await client.state()).subscribed, false);
  browser.database.fails = null;
  assert.equal((await client.subscribe('news')).subscribed, true);
});
