// A browser that two people share: whoever signs in last inherits nothing, and the one before hears nothing more.

import assert from 'node:assert/strict';

async function signedIn(house) {
  const app = await house.app();
  await house.call('PATCH', '/v1/apps/default', { public_channels: ['weather'] });
  await app.open();
  await app.subscribe('user:1', { grants: ['user:1', 'team:brass'] });
  await app.subscribe('team:brass', { grants: ['user:1', 'team:brass'] });
  await app.subscribe('weather', { grants: [] });
  return app;
}

const recipients = async (house, channel) => (await house.publishText(channel, `To ${channel}`)).recipients;

export const tests = {
  async 'the first user’s notifications stop when the second subscribes'(house) {
    const app = await signedIn(house);
    await house.deliver('user:1', { notification: { title: 'for the first' } });
    await app.hearsOf('for the first');

    await app.subscribe('user:2');
    assert.equal(await recipients(house, 'user:1'), 0);
    await house.deliver('user:2', { notification: { title: 'for the second' } });
    const messages = await app.hears(2);
    assert.deepEqual(messages.map(({ channel }) => channel), ['user:1', 'user:2']);
  },

  async 'channels that are not public and that the second’s token does not cover are gone'(house) {
    const app = await signedIn(house);
    assert.equal(await recipients(house, 'team:brass'), 1);
    await app.hears(1);

    const { channels } = await app.subscribe('user:2');
    assert.deepEqual(channels.sort(), ['user:2', 'weather']);
    assert.equal(await recipients(house, 'team:brass'), 0);
    assert.equal(await recipients(house, 'weather'), 1);
    assert.equal((await app.hears(2))[1].channel, 'weather');
  },

  async 'a channel that the second’s token covers as well stays'(house) {
    const app = await signedIn(house);
    const { channels } = await app.subscribe('user:2', { grants: ['user:2', 'team:*'] });
    assert.deepEqual(channels.sort(), ['team:brass', 'user:2', 'weather']);
    assert.equal(await recipients(house, 'user:1'), 0);
    assert.equal(await recipients(house, 'team:brass'), 1);
    assert.equal((await app.hears(1))[0].channel, 'team:brass');
  },
};
