// While the browser is away its push service keeps what was sent; on its return all of it arrives, once.

import assert from 'node:assert/strict';

import { titles } from '../app.mjs';
import { until } from '../limits.mjs';

const DUPLICATE = 102; // Firefox's acknowledgement of what it has had before

export const tests = {
  async 'what was sent meanwhile arrives in order on its return'(house) {
    const app = await house.appIn('news');
    await house.whileOffline(async () => {
      for (const title of ['one', 'two', 'three']) await house.deliver('news', { notification: { title } });
      assert.deepEqual(await app.messages(), []);
    });
    assert.deepEqual(titles(await app.hears(3)), ['one', 'two', 'three']);
  },

  async 'of a topic only the newest arrives'(house) {
    const app = await house.appIn('news');
    await house.whileOffline(async () => {
      await house.deliver('news', { notification: { title: '1:0' }, topic: 'score' });
      await house.deliver('news', { notification: { title: 'another matter' }, topic: 'weather' });
      await house.deliver('news', { notification: { title: '2:0' }, topic: 'score' });
    });
    assert.deepEqual(titles(await app.hears(2)), ['another matter', '2:0']);
    const [first, other, newest] = house.heard.accepted.map(({ topic }) => topic);
    assert.equal(first, newest);
    assert.notEqual(first, other);
    await house.deliver('news', { notification: { title: 'the end' } });
    assert.deepEqual(titles(await app.hears(3)), ['another matter', '2:0', 'the end']);
  },

  async 'what is worth delivering only now does not arrive later'(house) {
    const app = await house.appIn('news');
    await house.whileOffline(async () => {
      await house.deliver('news', { notification: { title: 'now or never' }, ttl: 0 });
      await house.deliver('news', { notification: { title: 'any time' }, ttl: 3600 });
    });
    assert.deepEqual(titles(await app.hears(1)), ['any time']);
  },

  async 'what was never acknowledged is sent again, and told to the page once'(house) {
    const app = await house.appIn('news');
    house.service.loseNextAcknowledgement();
    await house.deliver('news', { notification: { title: 'once' } });
    await until(20, 'the second acknowledgement', () => house.heard.acknowledged.length === 1);
    assert.deepEqual(house.heard.acknowledged.splice(0).map(({ code }) => code), [DUPLICATE]);
    await house.deliver('news', { notification: { title: 'after it' } });
    assert.deepEqual(titles(await app.hears(2)), ['once', 'after it']);
    await house.screen.notifies('once', 'after it');
  },

  async 'a Firefox that was closed shows it when it is started, with no page open'(house) {
    const app = await house.appIn('news');
    const { id } = await app.state();
    await house.whileFirefoxIsClosed(async () => {
      await house.deliver('news', { notification: { title: 'stored', body: 'exactly „this“' } });
      await house.deliver('news', { notification: { title: 'and this' } });
    });
    await house.screen.notifies('stored', 'and this');
    assert.deepEqual(await house.screen.tabs(), ['about:blank']);

    await app.open();
    const state = await app.state();
    assert.deepEqual([state.subscribed, state.id, state.channels], [true, id, ['news']]);
    const shown = (await app.notifications()).map(({ body, data }) => [data.fanfare.seq, body]);
    assert.deepEqual(shown.sort(), [[1, 'exactly „this“'], [2, '']]);
    await house.deliver('news', { notification: { title: 'to the open page' } });
    assert.deepEqual(titles(await app.hears(1)), ['to the open page']);
    assert.equal(house.heard.registered.length, 1);
  },
};
