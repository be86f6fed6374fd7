// The demo page of a fresh install: what a newcomer does there, and what they see.

import assert from 'node:assert/strict';

import { DemoPage } from '../demo-page.mjs';

export const tests = {
  async 'it says that this browser is supported, and not subscribed'(house) {
    const page = await DemoPage.open(house);
    assert.match(await page.firefox.text('#explanation'), /supports Web Push/);
  },

  async 'Subscribe subscribes, and what the command sends arrives on the page and on screen'(house) {
    const page = await DemoPage.subscribed(house);
    assert.match(await page.firefox.text('#subscription'), /^sub_\w+$/);
    assert.equal(await page.firefox.text('#channels'), 'demo');
    const sent = await house.publishText('demo', 'Tea is ready');
    assert.equal(sent.recipients, 1);
    const [arrival] = await page.arrivals(1);
    assert.equal(arrival.body, 'Tea is ready');
    assert.equal(arrival.from, `demo, number ${sent.seq}`);
    await house.screen.notifies(arrival.title);
  },

  async 'Send me a test arrives'(house) {
    const page = await DemoPage.subscribed(house);
    await page.firefox.press('#test');
    await page.arrivals(1);
    assert.equal(await page.firefox.text('#problem'), '');
  },

  async 'data is listed as it was sent'(house) {
    const page = await DemoPage.subscribed(house);
    const data = { article: 4711, tags: ['brass', 'horn'] };
    await house.deliver('demo', { notification: { title: 'An article', body: 'Blechbläser gesucht' }, data });
    const [arrival] = await page.arrivals(1);
    assert.deepEqual([arrival.title, arrival.body], ['An article', 'Blechbläser gesucht']);
    assert.deepEqual(JSON.parse(arrival.data), data);
  },

  async 'after a reload the browser is still subscribed, once'(house) {
    const page = await DemoPage.subscribed(house);
    await page.firefox.reload();
    await page.reads('#status', 'Subscribed');
    assert.equal(house.heard.registered.length, 1);
    assert.equal((await house.subscriptions('demo')).length, 1);
  },

  async 'Unsubscribe makes the daemon forget, and the page says so'(house) {
    const page = await DemoPage.subscribed(house);
    await page.firefox.press('#unsubscribe');
    await page.reads('#status', 'Not subscribed');
    assert.equal((await house.publishText('demo', 'Nobody hears this')).recipients, 0);
  },

  async 'a second tab shows what the first one did'(house) {
    const page = await DemoPage.open(house);
    const tabs = await page.firefox.openTab(page.url);
    await page.reads('#status', 'Not subscribed');
    await page.subscribe();
    await tabs.first();
    await page.reads('#status', 'Subscribed');
    await house.publishText('demo', 'To both tabs');
    assert.equal((await page.arrivals(1))[0].body, 'To both tabs');
    await tabs.second();
    assert.equal((await page.arrivals(1))[0].body, 'To both tabs');
  },
};
