// The key that a browser subscribed with: rotated at the server, or another vendor's.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { unpadded } from '../push-service.mjs';

const TWO_DAYS_MS = 2 * 86_400_000;

/** A P-256 public key that is not the app's: RFC 8291, appendix A. */
const FOREIGN_KEY = 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8';

const currentKey = async (house) => (await house.call('GET', '/v1/push-key')).key;
const keysRegistered = (house) => house.heard.registered.map(({ key }) => unpadded(key));

export const tests = {
  async 'the browser subscribes with the app’s key'(house) {
    const app = await house.app();
    await app.open();
    await app.subscribe('news');
    assert.deepEqual(keysRegistered(house), [await currentKey(house)]);
  },

  async 'after a rotation at the server the SDK subscribes anew, under the same id'(house) {
    const app = await house.app();
    await app.open();
    const { id } = await app.subscribe('news');
    const earlier = await currentKey(house);
    await house.daemon.command('vapid', 'rotate');
    const rotated = await currentKey(house);
    assert.notEqual(rotated, earlier);
    await house.deliver('news', { notification: { title: 'signed with the earlier key' } });
    await app.hearsOf('signed with the earlier key');

    await app.changeRecord({ checked: Date.now() - TWO_DAYS_MS }); // it asks the server once a day
    await app.open();
    await until(20, 'the subscription to be made with the new key', async () =>
      (await house.call('GET', `/v1/subscriptions/${id}`)).generation === 2);
    assert.deepEqual(keysRegistered(house), [earlier, rotated]);
    assert.deepEqual((await house.subscriptions('news')).map((one) => one.id), [id]);
    await house.deliver('news', { notification: { title: 'signed with the new key' } });
    await app.hearsOf('signed with the new key');
  },

  async 'a subscription made with somebody else’s key is replaced'(house) {
    const app = await house.app();
    await app.open();
    await app.firefox.evaluate(`
      const registration = await navigator.serviceWorker.register('/fanfare-sw.js');
      await navigator.serviceWorker.ready;
      const options = { userVisibleOnly: true, applicationServerKey: args[0] };
      await registration.pushManager.subscribe(options);`, FOREIGN_KEY);
    await app.subscribe('news');
    assert.deepEqual(keysRegistered(house), [FOREIGN_KEY, await currentKey(house)]);
    await house.deliver('news', { notification: { title: 'with our own key' } });
    await app.hearsOf('with our own key');
  },
};
