// What may keep a browser from subscribing: the page says what it is, and what to do about it.

import assert from 'node:assert/strict';

import { endpointStub, pageWith, unsubscribe } from './stubs.mjs';

const standalone = (value) => `Object.defineProperty(Navigator.prototype, 'standalone', { get: () => ${value} });`;

export const hindranceSteps = (t) => ({
  async 'on an iPhone Web Push is for the Home Screen: the page says so, and recommends no other browser'() {
    const hidden = 'delete globalThis.PushManager; delete globalThis.Notification;';
    const page = await pageWith(t, standalone(false) + hidden);
    await cannotSubscribe(page, /choose Share, then “Add to Home Screen”/);
    const checks = await page.text('#checks');
    assert.match(checks, /Push API\s+No\s+iPhone and iPad offer it on the Home Screen alone/);
    assert.match(checks, /On the Home Screen\s+No\s+Choose Share, then “Add to Home Screen”/);
    assert.doesNotMatch(checks, /Firefox/);
    await page.close();
  },

  async 'there it is as anywhere else'() {
    const page = await pageWith(t, standalone(true));
    await page.reads('#status', 'Not subscribed');
    await page.click('#support summary');
    await page.reads('#checks', /On the Home Screen\s+Yes/);
    await page.close();
  },

  async 'a browser without service workers is sent to another window or browser'() {
    const page = await pageWith(t, 'delete Navigator.prototype.serviceWorker;');
    await cannotSubscribe(page, /does not offer Web Push in this window/);
    await page.reads('[data-result="no"]', /^Service worker\s+No\s+Use a current Firefox.*in a normal window/);
    await page.close();
  },

  async 'a window that stores nothing is told that it must'() {
    const page = await pageWith(t, `
      IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };`);
    await cannotSubscribe(page, /stores nothing for this site.*Use a normal window.*cookies/);
    await page.close();
  },

  async 'a channel that is not public is named, with what opens it'() {
    const { script } = await endpointStub(t);
    await t.daemon.call('PATCH', '/v1/apps/default', { public_channels: [] });
    const page = await pageWith(t, script);
    await page.click('#subscribe');
    await page.reads('#problem', /“demo” is not open to everyone.*--demo true/);
    await page.reads('#status', 'Not subscribed');
    assert.equal(await page.run('document.activeElement.id'), 'subscribe');
    await t.daemon.call('PATCH', '/v1/apps/default', { public_channels: ['demo'] });
    await page.click('#subscribe');
    await page.reads('#status', 'Subscribed');
    assert.equal(await page.text('#problem'), null);
    await unsubscribe(page);
  },
});

async function cannotSubscribe(page, why) {
  await page.reads('#status', 'Cannot subscribe');
  await page.reads('#explanation', why);
  assert.equal(await page.text('#subscribe'), null);
  await page.reads('#empty-hint', 'Nothing can arrive in this browser.');
}
