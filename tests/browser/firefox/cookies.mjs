// Nothing depends on cookies: the daemon sets none, and is sent none by the SDK and the worker, whatever the jar holds.

import assert from 'node:assert/strict';

const PATHS = [
  '/demo', '/sdk/fanfare.js', '/sdk/fanfare-sw.js', '/v1/push-key', '/v1/channels', '/v1/subscriptions',
];

/** The first two parts of the paths: `/v1/push-key`, `/v1/channels`, … */
const paths = (traffic) => new Set(traffic.map(({ url }) => new URL(url).pathname.split('/').slice(0, 3).join('/')));

export const tests = {
  async 'no answer sets a cookie, and no page has one'(house) {
    await house.firefox.open(`${house.daemon.origin}/demo`);
    assert.equal(await house.firefox.evaluate('return document.cookie;'), '');
    const app = await house.app();
    await app.open();
    await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'no cookies' } });
    await app.hears(1);
    await app.unsubscribe();
    assert.equal(await app.firefox.evaluate('return document.cookie;'), '');

    const traffic = await house.traffic.with(house.daemon.origin);
    const answers = traffic.filter(({ kind }) => kind === 'answer');
    for (const path of PATHS) assert.ok(paths(answers).has(path), `no answer of ${path} was seen`);
    assert.deepEqual(traffic.filter(({ cookie }) => cookie), []);
  },

  async 'a cookie that the browser has for the server’s name is not sent by an app’s page or worker'(house) {
    await house.firefox.open(`${house.daemon.origin}/demo`);
    await house.firefox.evaluate(`document.cookie = 'planted=1; Path=/';`);
    assert.equal(await house.firefox.evaluate('return document.cookie;'), 'planted=1');
    const app = await house.app(); // of the same name, so that Firefox would not hold the cookie back by itself
    await app.open();
    const before = (await house.traffic.with(house.daemon.origin)).length;
    await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'no cookies' } });
    await app.hears(1);
    await app.unsubscribe();
    const traffic = (await house.traffic.with(house.daemon.origin)).slice(before);
    const calls = traffic.filter(({ url }) => url.includes('/v1/'));
    assert.ok(paths(calls).has('/v1/subscriptions'), 'nothing was seen');
    assert.deepEqual(calls.filter(({ cookie }) => cookie), []);
  },
};
