// Subscribing: the permission first, then the browser, then the server; and an error that says which of them failed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Browser } from './fakes/browser.mjs';
import { idle } from './fakes/clock.mjs';

const SCOPE = 'https://app.example/';

function opened(more) {
  const browser = new Browser();
  const page = browser.openPage();
  return { browser, page, server: browser.server, client: page.init(more) };
}

const kept = (browser) => browser.database.rows.get(SCOPE);
const plain = (value) => JSON.parse(JSON.stringify(value));

/** What another vendor's SDK does on the same scope. */
const foreign = {
  userVisibleOnly: true,
  applicationServerKey: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url'),
};

/** The scope's own, before anybody has subscribed. */
async function pushManagerOf(browser) {
  browser.permission = 'granted';
  const { pushManager } = await browser.registrations.register('/fanfare-sw.js', { scope: SCOPE });
  await idle();
  return pushManager;
}

test('the browser is in the channel, and the state says so', async () => {
  const { browser, server, client } = opened();
  const state = plain(await client.subscribe('news'));
  assert.deepEqual(state, {
    support: 'supported', permission: 'granted', subscribed: true, id: 'sub_1', channels: ['news'],
    pushService: 'push.vendor.example',
  });
  assert.deepEqual(plain(await client.state()), state);
  assert.deepEqual(server.look(), ['GET /v1/push-key', 'POST /v1/channels/news/subscriptions']);
  const { endpoint, push_key } = server.subscriptions.get('sub_1');
  assert.equal(push_key, server.key);
  assert.deepEqual(kept(browser), {
    server: server.origin, app: 'default', push_key, id: 'sub_1', secret: 'ss_sub_1', endpoint, channels: ['news'],
    checked: browser.clock.now,
  });
});

test('permission is asked for before anything is awaited, while the gesture lasts', async () => {
  const { browser, client } = opened();
  const subscribing = client.subscribe('news');
  assert.equal(browser.asked, 1);
  await subscribing;
});

test('several channels are one subscription', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  const state = await client.subscribe('user:42', { token: 'good' });
  assert.deepEqual(Array.from(state.channels), ['news', 'user:42']);
  assert.equal(server.subscriptions.size, 1);
  assert.equal(browser.pushService.subscribed.length, 1);
  assert.equal(kept(browser).secret, 'ss_sub_1');
});

test('a channel’s name is encoded in the path', async () => {
  const { server, client } = opened();
  await client.subscribe('blog/a?b#c%', { token: 'good' });
  assert.deepEqual(server.look().at(-1), 'POST /v1/channels/blog/a?b#c%/subscriptions');
});

test('the provider is told the channel and gives the token; one that is there spares the question', async () => {
  const { server, client } = opened({ app: 'shop' });
  const asked = [];
  const tokenProvider = async (channel) => {
    asked.push(channel);
    return `token for ${channel}`;
  };
  await client.subscribe('a', { tokenProvider });
  await client.subscribe('b', { token: 'mine', tokenProvider });
  assert.deepEqual(asked, ['a']);
  const posts = server.requests.filter(({ method }) => method === 'POST').map(({ headers }) => headers);
  assert.deepEqual(posts.map(({ Authorization }) => Authorization), ['Bearer token for a', 'Bearer mine']);
  assert.deepEqual(posts.map((headers) => headers['Fanfare-App']), ['shop', 'shop']);
});

test('two tabs at once make one subscription, and both show it', async () => {
  const { browser, server, client } = opened();
  const other = browser.openPage().init();
  let changes = 0;
  other.on('change', () => { changes += 1; });
  const states = await Promise.all([client.subscribe('news'), other.subscribe('user:42', { token: 'good' })]);
  assert.equal(server.subscriptions.size, 1);
  assert.equal(browser.pushService.subscribed.length, 1);
  assert.deepEqual(states.map(({ id }) => id), ['sub_1', 'sub_1']);
  await idle();
  assert.equal(changes, 2);
  assert.deepEqual(Array.from((await client.state()).channels).sort(), ['news', 'user:42']);
});

test('a module worker is registered as one', async () => {
  const { browser, client } = opened({ workerType: 'module', worker: '/fanfare-sw.js', scope: '/app/' });
  await client.subscribe('news');
  const [{ url, scope, type }] = browser.registrations.calls;
  assert.deepEqual([url, scope, type], [`${SCOPE}fanfare-sw.js`, `${SCOPE}app/`, 'module']);
});

/** What goes wrong, and the code of the error. Nothing is kept, and no lock is held. */
const FAILURES = {
  'denied': (at) => { at.browser.answer = 'denied'; },
  'dismissed': (at) => { at.browser.answer = 'default'; },
  'worker-failed': (at) => { at.browser.scripts.clear(); },
  'push-service-unreachable': (at) => { at.browser.pushService.isReachable = false; },
  'server-unreachable': (at) => { at.server.isOffline = true; },
  'channel-forbidden': (at) => { at.credentials = { token: 'refused' }; },
  'credential-needed': (at) => { at.channel = 'user:42'; },
  'http-502': (at) => { at.server.override = () => ({ status: 502, type: 'text/html', body: '<h1>Bad</h1>' }); },
};

for (const [code, arrange] of Object.entries(FAILURES)) {
  test(`${code} is said so, and the next attempt succeeds`, async () => {
    const at = { channel: 'news', ...opened() };
    const before = { scripts: new Set(at.browser.scripts), override: at.server.override };
    arrange(at);
    await assert.rejects(at.client.subscribe(at.channel, at.credentials), (error) => {
      assert.ok(error instanceof at.page.globals.Fanfare.FanfareError);
      assert.deepEqual([error.name, error.code], ['FanfareError', code]);
      assert.ok(error.message, 'it says nothing');
      assert.doesNotMatch(error.message, /ss_|push\.vendor/);
      return true;
    });
    assert.equal(kept(at.browser), undefined);
    Object.assign(at.browser, { permission: 'default', answer: 'granted', scripts: before.scripts });
    at.browser.pushService.isReachable = true;
    Object.assign(at.server, { isOffline: false, override: before.override });
    assert.equal((await at.client.subscribe('news')).subscribed, true);
  });
}

test('the server’s refusal comes with its status and its words', async () => {
  const { client } = opened();
  const refusal = { code: 'channel-forbidden', status: 403, message: 'about channel-forbidden' };
  await assert.rejects(client.subscribe('user:42', { token: 'refused' }), refusal);
});

test('a worker that fails to install is named', async () => {
  const { browser, client } = opened();
  browser.registrations.isBroken = true;
  await assert.rejects(client.subscribe('news'), { code: 'worker-failed', message: /fanfare-sw\.js/ });
});

test('a worker of another origin is refused by the browser, and the error says which', async () => {
  const { client } = opened({ worker: 'https://push.example/sdk/fanfare-sw.js' });
  await assert.rejects(client.subscribe('news'), { code: 'worker-failed', message: /https:\/\/push\.example/ });
});

test('permission that goes between the question and the subscribing is a denial', async () => {
  const { browser, client } = opened();
  const tokenProvider = () => { browser.permission = 'denied'; };
  await assert.rejects(client.subscribe('news', { tokenProvider }), { code: 'denied' });
});

test('a provider’s own error comes as it is, and nothing was begun', async () => {
  const { browser, server, client } = opened();
  const mine = new Error('my backend is down');
  await assert.rejects(client.subscribe('a', { tokenProvider: () => { throw mine; } }), mine);
  await assert.rejects(client.subscribe('a', { tokenProvider: () => Promise.reject(mine) }), mine);
  assert.deepEqual(server.look(), []);
  assert.equal(browser.registrations.calls.length, 0);
});

for (const [who, hang, code] of [
  ['push client', ({ browser }) => { browser.pushService.hangs = true; }, 'push-service-unreachable'],
  ['server', ({ server }) => { server.hangs = true; }, 'server-unreachable'],
]) {
  test(`a ${who} that never answers is given ten seconds, and not more`, async () => {
    const scene = opened();
    hang(scene);
    let ended;
    scene.client.subscribe('news').catch((error) => { ended = error; });
    await scene.browser.clock.advance(9_999);
    assert.equal(ended, undefined);
    await scene.browser.clock.advance(1);
    assert.equal(ended.code, code);
  });
}

test('a subscription of another key is replaced by one of ours', async () => {
  const { browser, server, client } = opened();
  const others = await (await pushManagerOf(browser)).subscribe(foreign);
  const { id } = await client.subscribe('news');
  assert.notEqual(server.subscriptions.get(id).endpoint, others.endpoint);
  assert.equal(server.subscriptions.get(id).push_key, server.key);
});

test('who may not subscribe does not cost another vendor its subscription', async () => {
  const { browser, client } = opened();
  const pushManager = await pushManagerOf(browser);
  const others = await pushManager.subscribe(foreign);
  await assert.rejects(client.subscribe('user:42', { token: 'refused' }), { code: 'channel-forbidden' });
  assert.equal(await pushManager.getSubscription(), others);
});

test('an endpoint that the server knows with other keys is given up for a new one', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  browser.database.rows.clear();
  server.subscriptions.get('sub_1').keys = { auth: 'others' };
  const state = await client.subscribe('news');
  assert.deepEqual([state.subscribed, state.id], [true, 'sub_2']);
});

test('without the secret, which is given once, it subscribes anew', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  browser.database.rows.clear();
  await client.subscribe('news');
  assert.equal(kept(browser).secret, 'ss_sub_2');
  assert.equal(browser.pushService.subscribed.length, 2);
  assert.equal(server.subscriptions.get('sub_2').endpoint, kept(browser).endpoint);
});

test('what a new one does not cure is tried twice, and not for ever', async () => {
  const { server, client } = opened();
  server.override = ({ method }) => (method === 'POST'
    ? { status: 422, type: 'application/problem+json', body: { type: 'https://push.example/docs#foreign-push-key' } }
    : undefined);
  await assert.rejects(client.subscribe('news'), { code: 'foreign-push-key', status: 422 });
  assert.equal(server.requests.filter(({ method }) => method === 'POST').length, 2);
});

test('a rotated endpoint is told before a further channel, so that the others stay', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  (await pushManagerOf(browser)).replace();
  server.look();
  const state = await client.subscribe('user:42', { token: 'good' });
  assert.deepEqual(server.look(), ['PUT /v1/subscriptions/sub_1', 'POST /v1/channels/user:42/subscriptions']);
  assert.deepEqual([state.id, Array.from(state.channels)], ['sub_1', ['news', 'user:42']]);
});

test('a key that the server no longer has costs no channel', async () => {
  const { server, client } = opened();
  await client.subscribe('news');
  server.rotate();
  server.keys.shift();
  const state = await client.subscribe('user:42', { token: 'good' });
  assert.deepEqual([state.id, Array.from(state.channels)], ['sub_1', ['news', 'user:42']]);
  assert.equal(server.subscriptions.get('sub_1').push_key, server.key);
});

test('who was forgotten over there subscribes like a newcomer', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  server.subscriptions.clear();
  (await pushManagerOf(browser)).replace();
  assert.equal((await client.subscribe('news')).id, 'sub_2');
});

test('a rotated endpoint that turns out to be another subscription of ours: its id and secret are kept', async () => {
  const { browser, server, client } = opened();
  await client.subscribe('news');
  const { newSubscription } = (await pushManagerOf(browser)).replace();
  server.subscriptions.set('sub_9', { ...newSubscription.toJSON(), channels: new Set(['team:7']), state: 'active' });
  const merged = { id: 'sub_9', secret: 'ss_sub_9', channels: ['news', 'team:7'] };
  const answer = { status: 200, type: 'application/json', body: merged };
  server.override = ({ method }) => (method === 'PUT' ? answer : undefined);
  await client.subscribe('news');
  assert.deepEqual([kept(browser).id, kept(browser).secret], ['sub_9', 'ss_sub_9']);
  assert.equal(browser.pushService.subscribed.length, 1);
});

test('another vendor that subscribes just before us gives way', async () => {
  const { browser, server, client } = opened();
  const pushManager = await pushManagerOf(browser);
  server.override = ({ path }) => {
    if (path === '/v1/push-key' && browser.pushService.subscribed.length === 0) pushManager.subscribe(foreign);
    return undefined;
  };
  assert.equal((await client.subscribe('news')).subscribed, true);
  assert.equal(browser.pushService.subscribed.length, 2);
  assert.equal(server.subscriptions.get('sub_1').push_key, server.key);
});

test('a server under a path, as a proxy may put it, is asked there, with or without its last slash', async () => {
  for (const server of ['https://push.example/push', 'https://push.example/push/']) {
    const at = opened({ server });
    at.server.path = '/push';
    await at.client.subscribe('news');
    assert.equal(kept(at.browser).server, 'https://push.example/push');
  }
});

test('a server that does not let a page in cannot be told from one that is away: the error says both', async () => {
  const { server, client } = opened();
  server.isOffline = true;
  const message = 'Cannot reach https://push.example, or it does not list https://app.example.';
  await assert.rejects(client.subscribe('news'), { code: 'server-unreachable', message });
});

test('a server that goes away in the midst of subscribing anew costs no subscription', async () => {
  const { browser, server, client } = opened();
  const pushManager = await pushManagerOf(browser);
  const others = await pushManager.subscribe(foreign);
  server.override = ({ path }) => (path === '/v1/push-key' ? { status: 503 } : undefined);
  await assert.rejects(client.subscribe('news'), { code: 'http-503' });
  assert.equal(await pushManager.getSubscription(), others);
});

test('one tab that joins two channels at once is in both', async () => {
  const { browser, server, client } = opened();
  await Promise.all([client.subscribe('news'), client.subscribe('user:42', { token: 'good' })]);
  assert.deepEqual(Array.from((await client.state()).channels).sort(), ['news', 'user:42']);
  assert.equal(server.subscriptions.size, 1);
  assert.equal(browser.pushService.subscribed.length, 1);
});

test('a page that was closed before it kept the secret: the next one subscribes anew', async () => {
  const { browser, server, client } = opened();
  browser.database.fails = 'commit';
  await assert.rejects(client.subscribe('news'), { code: 'storage-unavailable' });
  browser.database.fails = null;
  const { id, subscribed } = await browser.openPage().init().subscribe('news');
  assert.deepEqual([id, subscribed, kept(browser).secret], ['sub_2', true, 'ss_sub_2']);
  assert.equal(server.subscriptions.get('sub_2').endpoint, kept(browser).endpoint);
});
