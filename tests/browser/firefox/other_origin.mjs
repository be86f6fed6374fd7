// An app on another site than the daemon's, with the policy of the README on every answer of its own.

import assert from 'node:assert/strict';

/** The browser calls it by another name than the daemon: another origin, and another site. */
async function elsewhere(house, settings = {}) {
  const app = await house.app({ host: 'localhost', ...settings });
  assert.notEqual(new URL(app.origin).hostname, new URL(house.daemon.origin).hostname);
  return app;
}

const violations = (app) => app.firefox.evaluate('return window.heard.violations;');

export const tests = {
  async 'its users subscribe with a token, and get what is sent'(house) {
    const app = await elsewhere(house);
    await app.open();
    const { channels } = await app.subscribe('user:7');
    assert.deepEqual(channels, ['user:7']);
    await house.deliver('user:7', { notification: { title: 'from afar' } });
    await app.hearsOf('from afar');
    assert.equal((await app.notifications())[0].title, 'from afar');
    await app.unsubscribe();
    assert.deepEqual(await house.subscriptions('user:7'), []);
    assert.deepEqual(await violations(app), []);
  },

  async 'the SDK is there as a module as well'(house) {
    const app = await elsewhere(house);
    await app.open('/module');
    assert.equal(await app.firefox.evaluate('return window.sameThing;'), true);
    await app.subscribe('news');
    await house.deliver('news', { notification: { title: 'to a module' } });
    await app.hearsOf('to a module');
    assert.deepEqual(await violations(app), []);
  },

  async 'the policy is in force'(house) {
    const app = await elsewhere(house);
    await app.open();
    const { origin } = await house.app(); // a server that answers
    const error = await app.firefox.evaluate(`
      const blocked = new Promise((resolve) => document.addEventListener('securitypolicyviolation', resolve));
      return fetch(args[0]).then(() => 'answered', async ({ name }) => { await blocked; return name; });`, origin);
    assert.equal(error, 'TypeError');
    assert.equal((await violations(app)).length, 1);
  },

  async 'an origin that is not listed is refused, and the log has the command that lets it in'(house) {
    const app = await elsewhere(house, { listed: false });
    await app.open();
    await assert.rejects(app.subscribe('news'), { name: 'FanfareError', code: 'server-unreachable' });
    assert.deepEqual(await house.subscriptions('news'), []);
    assert.deepEqual(house.heard.registered, []);

    const line = house.daemon.process.lines.findLast((one) => one.includes(app.origin));
    const [, command] = line.match(/`fanfare ([^`]+)`/);
    await house.daemon.command(...command.split(' '));
    await app.open();
    await app.subscribe('news');
    assert.equal((await house.subscriptions('news')).length, 1);
  },

  async 'without a token, and with one for another channel, it is refused by name'(house) {
    const app = await elsewhere(house);
    await app.open();
    const refused = (code, status) => ({ name: 'FanfareError', code, status });
    await assert.rejects(app.subscribe('user:7', { grants: [] }), refused('credential-needed', 401));
    await assert.rejects(app.subscribe('user:7', { grants: ['user:8'] }), refused('channel-forbidden', 403));
    assert.deepEqual(await house.subscriptions('user:7'), []);
  },
};
