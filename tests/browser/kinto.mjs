// A real Kinto with the plugin, the real daemon and a real Firefox: a record that one client creates appears in the page
// of another.
//
//   tests/browser/kinto.sh [path to the fanfare binary]      FIREFOX names the browser, firefox-esr by default

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Daemon } from './daemon.mjs';
import { Kinto } from './kinto/server.mjs';
import { Site } from './kinto/site.mjs';
import { until, within } from './limits.mjs';
import { Firefox } from './marionette.mjs';
import { PushService } from './push-service.mjs';
import { runSteps } from './steps.mjs';

const [binary, venv] = process.argv.slice(2).map((path) => resolve(path));
if (!binary || !venv) throw new Error('usage: kinto.mjs BINARY VIRTUALENV; kinto.sh makes the latter');
const directory = mkdtempSync(join(tmpdir(), 'fanfare-kinto-'));
const COLLECTION = '/buckets/blog/collections/articles';
const CHANNEL = '/v1/channels/blog%2Farticles';
let service, daemon, kinto, site, firefox;

/** In order; each builds on the ones before it. */
const STEPS = {
  async 'the daemon starts, with a key for Kinto that may notify and subscribe'() {
    service = await PushService.start(directory);
    service.refusals = [];
    service.on('refused', ({ status, reason }) => service.refusals.push(`${status} ${reason}`));
    daemon = await Daemon.start(binary, directory, service);
    const { key } = await daemon.call('POST', '/v1/apps/default/keys', { scopes: ['notify', 'subscribe'] });
    writeFileSync(join(directory, 'key'), key, { mode: 0o600 });
  },

  async 'Kinto starts and announces Fanfare among its capabilities and in its heartbeat'() {
    kinto = await Kinto.start(venv, directory, { server: daemon.origin, keyFile: join(directory, 'key') });
    const { capabilities } = await kinto.call(null, 'GET', '/');
    assert.equal(capabilities.fanfare.server, daemon.origin);
    assert.equal(capabilities.fanfare.app, 'default');
    assert.equal((await kinto.call(null, 'GET', '/__heartbeat__')).fanfare, true);
  },

  async 'bob has a collection that alice may read and write, and mallory may not'() {
    for (const account of ['alice', 'bob', 'mallory']) await kinto.createAccount(account);
    await kinto.call('bob', 'PUT', '/buckets/blog', {});
    await kinto.call('bob', 'PUT', COLLECTION, { permissions: { write: ['account:alice'] } });
    await told(1); // the collection itself
  },

  async 'the app is on an origin of its own, which Fanfare is told'() {
    site = await Site.start({ fanfare: daemon.origin, kinto: kinto.origin, app: 'default' });
    await daemon.call('PATCH', '/v1/apps/default', { origins: [site.origin] });
  },

  async 'Firefox opens the page of alice'() {
    const greeting = once(service, 'hello');
    firefox = await Firefox.start(process.env.FIREFOX ?? 'firefox-esr', directory, service.socketUrl);
    await within(60, 'Firefox to say hello to the push service', greeting);
    await openAs('alice');
  },

  async 'alice’s page subscribes with a token that Kinto gave it'() {
    await firefox.press('#subscribe');
    await seen('#status', 'Subscribed');
    assert.deepEqual((await subscribers()).length, 1);
  },

  async 'a record that bob creates appears in alice’s page'() {
    await write('bob', 'By bob');
    await seen('#told', '1');
    assert.deepEqual(await articles(), ['By bob']);
  },

  async 'and is a notification, as Kinto’s settings word it'() {
    const [shown] = await firefox.evaluate(`
      const registration = await navigator.serviceWorker.getRegistration();
      return (await registration.getNotifications()).map(({ title, body }) => ({ title, body }));`);
    assert.deepEqual(shown, { title: 'News in articles', body: '1 changed' });
  },

  async 'what alice’s page writes itself is not told to it'() {
    await firefox.press('#write');
    await until(20, 'the page to list its own', async () => (await articles()).length === 2);
    const newest = await told(3);
    assert.equal(newest.recipients, 0);
  },

  async 'a batch is told once, and all of it is listed'() {
    const requests = ['First', 'Second', 'Third'].map((title) => (
      { method: 'POST', path: `${COLLECTION}/records`, body: { data: { title } } }));
    await kinto.call('bob', 'POST', '/batch', { requests });
    const newest = await told(4);
    assert.equal(newest.recipients, 1);
    await seen('#told', '2'); // had alice's own been told, this would be the third: a channel's order is strict
    assert.deepEqual(await articles(), ['By bob', 'By this page', 'First', 'Second', 'Third']);
  },

  async 'a write that Kinto refuses is not told'() {
    const refused = await kinto.ask('mallory', 'POST', `${COLLECTION}/records`, { data: { title: 'By mallory' } });
    assert.equal(refused.status, 403);
    await write('bob', 'After mallory');
    await told(5);
    await seen('#told', '3');
  },

  async 'mallory’s page gets no token for that collection'() {
    await openAs('mallory');
    await firefox.press('#subscribe');
    await seen('#problem', `${COLLECTION} is not yours to read`);
    const { body } = await kinto.ask('mallory', 'POST', '/fanfare/token');
    assert.deepEqual(body.channels, ['user:account:mallory']);
    await assert.rejects(subscribeBy(body.token), /403/);
    assert.equal((await subscribers()).length, 1);
  },

  async 'who is not logged in gets no token at all'() {
    assert.equal((await kinto.ask(null, 'POST', '/fanfare/token')).status, 401);
  },

  async 'while Fanfare is away writes succeed, the heartbeat tells, and tokens are to be asked for later'() {
    await daemon.process.stop();
    await write('bob', 'Nobody hears this');
    const heartbeat = await kinto.ask(null, 'GET', '/__heartbeat__');
    assert.deepEqual([heartbeat.status, heartbeat.body.fanfare], [503, false]);
    assert.equal((await kinto.ask('alice', 'POST', '/fanfare/token')).status, 503);
  },

  async 'no push was refused, and Kinto’s log has no key'() {
    assert.deepEqual(service.refusals, []);
    assert.doesNotMatch(kinto.process.lines.join('\n'), /fk_/);
  },
};

async function openAs(account) {
  await firefox.open('about:blank'); // another hash alone would not load the page anew
  await firefox.open(`${site.origin}/#${encodeURIComponent(Kinto.authorization(account))}`);
  await until(20, 'the page to be ready', () => firefox.evaluate('return document.body.dataset.ready;'));
}

function write(account, title) {
  return kinto.call(account, 'POST', `${COLLECTION}/records`, { data: { title } });
}

/** Waits until Fanfare has so many notifications of the collection; the newest. */
function told(count) {
  return until(20, `notification ${count} of the collection`, async () => {
    const { items } = await daemon.call('GET', `${CHANNEL}/notifications`);
    assert.ok(items.length <= count, `there are ${items.length}`);
    return items.find((one) => one.seq === count);
  });
}

async function subscribers() {
  return (await daemon.call('GET', `${CHANNEL}/subscriptions`)).items;
}

/** What a browser with this token would send to get into the collection's channel. */
async function subscribeBy(token) {
  const keys = {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg', // RFC 8291, section 5
  };
  const response = await fetch(`${daemon.origin}${CHANNEL}/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint: `https://${service.authority}/push/another`, keys }),
  });
  if (!response.ok) throw new Error(String(response.status));
}

function articles() {
  return firefox.evaluate(`return Array.from(document.querySelectorAll('#articles li'), (item) => item.textContent);`);
}

async function seen(selector, text) {
  try {
    await until(20, `${selector} to read “${text}”`, async () => await firefox.text(selector) === text);
  } catch (error) {
    throw new Error(`${error.message}; it reads “${await firefox.text(selector)}”, the problem “${await firefox.text('#problem')}”`);
  }
}

function report() {
  const lines = (name, from) => (from?.process.lines ?? []).map((line) => `${name}: ${line}`);
  const refused = `the push service refused: ${JSON.stringify(service?.refusals ?? [])}`;
  return [refused, ...lines('daemon', daemon), ...lines('kinto', kinto)];
}

async function close() {
  await firefox?.stop();
  await service?.stop();
  site?.stop();
}

await runSteps(STEPS, { directory, report, close });
