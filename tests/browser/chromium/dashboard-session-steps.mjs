// Who may look and for how long: a tab that nobody sees, a key that may only read, one that is revoked, and logging out.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { Dashboard } from './dashboard.mjs';

const DESKTOP = { width: 1440, height: 900 };
const PATH = '/v1/observe';

export const sessionSteps = (t) => ({
  async 'a tab that is hidden stops its stream, and goes on when it is shown'() {
    await t.page.resize(DESKTOP);
    await t.dashboard.go('channels?q=news');
    const { streams } = t;
    await until(20, 'one stream, that of the page', () => streams.size === 1);
    await setHidden(t, true);
    await t.page.reads('#live', 'Held still');
    await until(20, 'the stream to end', () => streams.size === 0);
    const [shown, wanted] = [await headOf(t), t.publisher.sent.length + 3];
    await until(20, 'the fan-out to go on', () => t.publisher.sent.length >= wanted);
    assert.equal(await headOf(t), shown);
    assert.equal(streams.size, 0);
    await setHidden(t, false);
    await t.page.reads('#live', 'Live');
    await until(20, 'what came meanwhile', async () => await headOf(t) !== shown);
    assert.equal(streams.size, 1);
  },

  async 'what is held still by hand stays so, until it is let go'() {
    await t.page.click('#pause');
    await t.page.reads('#live', 'Held still');
    const [shown, wanted] = [await headOf(t), t.publisher.sent.length + 2];
    await until(20, 'the fan-out to go on', () => t.publisher.sent.length >= wanted);
    assert.equal(await headOf(t), shown);
    await t.page.click('#pause');
    await until(20, 'what came meanwhile', async () => await headOf(t) !== shown);
  },

  async 'logging out forgets the key, and leads to the login'() {
    await t.page.click('#leave');
    await t.page.reads('#login-problem', 'You are logged out. The key is forgotten.');
    assert.equal(await t.page.run('location.hash'), '');
    await t.page.open(`${t.daemon.origin}/dashboard`);
    await t.dashboard.shows('login');
  },

  async 'a key that may only read sees the pages of its app, and can do nothing'() {
    t.reader = await t.daemon.call('POST', '/v1/apps/default/keys', { scopes: ['read'], title: 'A reader' });
    await logIn(t, t.page, t.reader.key);
    await t.dashboard.shows('charts');
    const pages = await t.page.run(`[...document.querySelectorAll('#nav a')].map((link) => link.dataset.to)`);
    assert.deepEqual(pages, ['charts', 'channels', 'subscriptions', 'notifications']);
    for (const [hash, page] of [['channels', 'channels'], ['subscriptions', 'subscriptions'], ['notifications', 'notifications'],
      [`notifications/${t.failed}`, 'notification']]) {
      await t.dashboard.go(hash, page);
      assert.ok(await t.page.run(`document.querySelectorAll('#main [data-field]').length`) > 3, page);
      const buttons = await t.page.run(`[...document.querySelectorAll('#main button')].filter((one) => one.checkVisibility())
        .map((one) => one.id || one.dataset.page || one.dataset.sort || one.outerHTML).filter((name) => name !== 'pause')`);
      assert.deepEqual(buttons.filter((name) => !['next', 'back', 'name', 'subscribers', 'open'].includes(name)), [], page);
    }
  },

  async 'and is told why the other pages are not for it'() {
    for (const name of t.pages.filter((page) => !['charts', 'channels', 'subscriptions', 'notifications'].includes(page))) {
      await t.dashboard.go(name);
      assert.match(await t.page.text('#why-not'), /needs a key of the app “default” with the scope admin/);
    }
  },

  async 'a key of another app sees nothing of this one'() {
    await t.daemon.call('POST', '/v1/apps', { id: 'other' });
    const { key } = await t.daemon.call('POST', '/v1/apps/other/keys', { scopes: ['read'] });
    const page = await t.browser.open(`${t.daemon.origin}/dashboard`, DESKTOP);
    const dashboard = new Dashboard(page, t.daemon);
    await dashboard.shows('login');
    await logIn(t, page, key);
    await dashboard.shows('channels');
    assert.equal((await dashboard.ids()).filter((name) => name !== 'demo').length, 0);
    await dashboard.go('notifications');
    assert.deepEqual(await dashboard.ids(), []);
    await dashboard.go(`notifications/${t.failed}`, 'notification');
    assert.match(await page.text('#main .problem'), /no such notification|not found|no notification/i);
    await page.close();
  },

  async 'a key that is revoked is led back to the login, with the reason'() {
    await t.dashboard.go('channels');
    await t.daemon.call('DELETE', `/v1/apps/default/keys/${t.reader.id}`);
    await t.page.reads('#login-problem', 'This server does not know that key, or knows it no more.');
    assert.equal(await t.dashboard.shown(), 'login');
    assert.ok(!(await t.page.text('body')).includes('news'), 'what it showed is still there');
  },
});

async function logIn(t, page, key) {
  await page.run(`document.querySelector('#key').focus()`);
  await page.retype(key);
  await page.press('Enter');
}

const headOf = (t) => t.page.text('[data-id=news] [data-field=head]');

/** As browsers do it: the page is told, and asks. */
function setHidden(t, hidden) {
  return t.page.evaluate((now) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => now });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
