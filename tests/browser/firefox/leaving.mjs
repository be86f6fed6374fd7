// Who leaves is forgotten: at once when the SDK says so, and at the next push when only the browser was told.

import assert from 'node:assert/strict';
import { once } from 'node:events';

import { within } from '../limits.mjs';

async function subscribed(house, ...channels) {
  const app = await house.app();
  await app.open();
  for (const channel of channels) await app.subscribe(channel);
  return app;
}

export const tests = {
  async 'unsubscribe makes the daemon, the browser and its push service forget at once'(house) {
    const app = await subscribed(house, 'news');
    const unregistered = once(house.service, 'unregister');
    const state = await app.unsubscribe();
    assert.deepEqual([state.subscribed, state.id, state.channels], [false, null, []]);
    assert.deepEqual(await house.subscriptions('news'), []);
    assert.equal((await house.publishText('news', 'Nobody hears this')).recipients, 0);
    await within(20, 'Firefox to unregister at its push service', unregistered);
    assert.deepEqual(house.heard.accepted, []);
  },

  async 'one channel can be left, and the others stay'(house) {
    const app = await subscribed(house, 'news', 'sports');
    const state = await app.unsubscribe('news');
    assert.deepEqual([state.subscribed, state.channels], [true, ['sports']]);
    assert.equal((await house.publishText('news', 'Nobody hears this')).recipients, 0);
    await house.deliver('sports', { notification: { title: '2:1' } });
    const [{ channel }] = await app.hears(1);
    assert.equal(channel, 'sports');
  },

  async 'when only the browser was told, its push service answers 410 and the daemon forgets by that'(house) {
    const app = await subscribed(house, 'news');
    const unregistered = once(house.service, 'unregister');
    await app.firefox.evaluate(`
      const registration = await navigator.serviceWorker.getRegistration('/');
      await (await registration.pushManager.getSubscription()).unsubscribe();`);
    await within(20, 'Firefox to unregister at its push service', unregistered);

    const sent = await house.publishText('news', 'Is anybody there?');
    assert.equal(sent.recipients, 1);
    assert.deepEqual(await house.outcomes(sent), { gone: 1 });
    assert.deepEqual(house.heard.refused.splice(0).map(({ status }) => status), [410]);
    assert.equal((await house.publishText('news', 'Nobody hears this')).recipients, 0);
    assert.equal((await app.state()).subscribed, false);

    await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'back again' } });
    await app.hearsOf('back again');
  },
};
