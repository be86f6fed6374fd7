// What opens something stays where it belongs: no page shows it or is given it, and no URL has it.

import assert from 'node:assert/strict';

import { DemoPage } from '../demo-page.mjs';

/** A subscription's secret, an API key, a subscriber token, an endpoint of the tests' push service. */
const SECRETS = /\b(?:ss|fk)_\w{10}|\beyJ[\w-]+\.[\w-]+\.|\/push\/[\w-]/;

export const tests = {
  async 'the demo page shows none'(house) {
    const page = await DemoPage.subscribed(house);
    await house.deliver('demo', { notification: { title: 'A letter' } });
    await page.arrivals(1);
    assert.doesNotMatch(await page.firefox.evaluate('return document.documentElement.outerHTML;'), SECRETS);
  },

  async 'the SDK gives none to the page, neither as state nor as a message nor as an error'(house) {
    const app = await house.app();
    await app.open();
    const state = await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'A letter' }, data: { some: 'data' } });
    const messages = await app.hears(1);
    const [shown] = await app.notifications();
    const { id } = state;
    await house.call('DELETE', `/v1/subscriptions/${id}`);
    const error = await app.firefox.evaluate(`
      const told = ({ message, code, cause }) => [message, code, String(cause)];
      return window.push.test().then(() => null, told);`);
    assert.ok(error, 'a test of what the daemon has forgotten succeeded');
    assert.doesNotMatch(JSON.stringify([state, messages, shown, error]), SECRETS);
  },

  async 'no URL that Firefox calls at the daemon has one'(house) {
    const app = await house.app();
    await app.open();
    const { id } = await app.subscribe('news');
    await app.unsubscribe('news');
    await app.unsubscribe();
    const urls = (await house.traffic.with(house.daemon.origin)).map(({ url }) => url);
    assert.ok(urls.some((url) => url.includes(id)), 'nothing was seen');
    assert.deepEqual(urls.filter((url) => SECRETS.test(url)), []);
  },
};
