// The demo page of a fresh install: what a newcomer does there, and what they see.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';

const opened = async (house) => {
  await house.firefox.open(`${house.daemon.origin}/demo`);
  await reads(house, '#status', 'Not subscribed');
};

const subscribed = async (house) => {
  await opened(house);
  await house.firefox.press('#subscribe');
  await reads(house, '#status', 'Subscribed');
};

/** Waits until a reader of the page sees this text there. */
async function reads({ firefox }, selector, text) {
  await until(20, `${selector} to read “${text}”`, async () => {
    const read = await firefox.text(selector);
    return read === text || Promise.reject(new Error(`“${read}”, the problem “${await firefox.text('#problem')}”`));
  });
}

/** The list on the page, newest first. */
function arrivals({ firefox }) {
  return firefox.evaluate(`
    const text = (item, selector) => item.querySelector(selector)?.textContent ?? null;
    return Array.from(document.querySelectorAll('#arrivals li'), (item) => ({
      title: text(item, 'h3'), body: text(item, '.arrival-body'), data: text(item, '.arrival-data'),
      from: text(item, '.arrival-from'),
    }));`);
}

const arrived = (house, count) => until(20, `${count} arrivals on the page`, async () => {
  const list = await arrivals(house);
  return list.length === count && list;
});

export const tests = {
  async 'it says that this browser is supported, and not subscribed'(house) {
    await opened(house);
    assert.match(await house.firefox.text('#explanation'), /supports Web Push/);
  },

  async 'Subscribe subscribes, and what the command sends arrives on the page and on screen'(house) {
    await subscribed(house);
    assert.match(await house.firefox.text('#subscription'), /^sub_\w+$/);
    assert.equal(await house.firefox.text('#channels'), 'demo');
    const sent = await house.publishText('demo', 'Tea is ready');
    assert.equal(sent.recipients, 1);
    const [arrival] = await arrived(house, 1);
    assert.equal(arrival.body, 'Tea is ready');
    assert.equal(arrival.from, `demo, number ${sent.seq}`);
    assert.deepEqual(await house.screen.titles(), [arrival.title]);
  },

  async 'Send me a test arrives'(house) {
    await subscribed(house);
    await house.firefox.press('#test');
    await arrived(house, 1);
    assert.equal(await house.firefox.text('#problem'), '');
  },

  async 'data is listed as it was sent'(house) {
    await subscribed(house);
    const data = { article: 4711, tags: ['brass', 'horn'] };
    await house.deliver('demo', { notification: { title: 'An article', body: 'Blechbläser gesucht' }, data });
    const [arrival] = await arrived(house, 1);
    assert.deepEqual([arrival.title, arrival.body], ['An article', 'Blechbläser gesucht']);
    assert.deepEqual(JSON.parse(arrival.data), data);
  },

  async 'after a reload the browser is still subscribed, once'(house) {
    await subscribed(house);
    await house.firefox.reload();
    await reads(house, '#status', 'Subscribed');
    assert.equal(house.heard.registered.length, 1);
    assert.equal((await house.subscriptions('demo')).length, 1);
  },

  async 'Unsubscribe makes the daemon forget, and the page says so'(house) {
    await subscribed(house);
    await house.firefox.press('#unsubscribe');
    await reads(house, '#status', 'Not subscribed');
    assert.equal((await house.publishText('demo', 'Nobody hears this')).recipients, 0);
  },

  async 'a second tab shows what the first one did'(house) {
    await opened(house);
    const tabs = await house.firefox.openTab(`${house.daemon.origin}/demo`);
    await reads(house, '#status', 'Not subscribed');
    await house.firefox.press('#subscribe');
    await tabs.first();
    await reads(house, '#status', 'Subscribed');
    await house.publishText('demo', 'To both tabs');
    assert.equal((await arrived(house, 1))[0].body, 'To both tabs');
    await tabs.second();
    assert.equal((await arrived(house, 1))[0].body, 'To both tabs');
  },
};
