// A push service may replace a subscription at any time: the worker tells the daemon, or the next page does.

import assert from 'node:assert/strict';
import { once } from 'node:events';

import { until, within } from '../limits.mjs';

async function subscribed(house) {
  const app = await house.app();
  await app.open();
  const { id } = await app.subscribe('news');
  return { app, id };
}

/** Everything of the browser is new to its push service; returns when Firefox has registered again. */
async function replaced(house) {
  const again = once(house.service, 'register');
  house.service.forgetTheBrowser();
  await within(20, 'Firefox to register anew', again);
}

/** Waits until the daemon delivers to the endpoint of today, and that the id is still the same. */
async function renewed(house, id) {
  await until(20, 'the daemon to hold the new endpoint', async () =>
    (await house.call('GET', `/v1/subscriptions/${id}`)).generation === 2);
  assert.deepEqual((await house.subscriptions('news')).map((one) => one.id), [id]);
  await house.deliver('news', { notification: { title: 'still here' } });
}

export const tests = {
  async 'the worker brings the daemon the new endpoint, and open pages are told'(house) {
    const { app, id } = await subscribed(house);
    const changes = () => app.firefox.evaluate('return window.heard.changes;');
    const before = await changes();
    await replaced(house);
    await renewed(house, id);
    await app.hearsOf('still here');
    await until(20, 'the page to be told', async () => await changes() === before + 1);
    const state = await app.state();
    assert.deepEqual([state.subscribed, state.id, state.channels], [true, id, ['news']]);
  },

  async 'with no page open, the worker does it alone'(house) {
    const { app, id } = await subscribed(house);
    await app.firefox.open('about:blank');
    await replaced(house);
    await renewed(house, id);
    await house.screen.notifies('still here');
    assert.deepEqual(await house.screen.tabs(), ['about:blank']);
    assert.equal(house.heard.registered.length, 2);
  },

  async 'what the worker could not bring, the next page that is opened does'(house) {
    const { app, id } = await subscribed(house);
    await app.firefox.open('about:blank');
    await house.allowOrigins(); // the daemon answers none of its pages
    await replaced(house);
    await until(20, 'the daemon to turn the worker away', () =>
      house.daemon.process.lines.some((line) => line.includes(`--origin ${app.origin}`)));
    const lost = await house.publishText('news', 'To the endpoint of yesterday');
    assert.deepEqual(await house.outcomes(lost), { gone: 1 });
    assert.deepEqual(house.heard.refused.splice(0).map(({ status }) => status), [410]);

    await house.allowOrigins(app.origin);
    await app.open();
    await until(20, 'the subscription to be back', async () => (await house.subscriptions('news')).length === 1);
    await renewed(house, id);
    await app.hearsOf('still here');
  },
};
