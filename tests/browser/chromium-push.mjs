// A real Chromium that subscribes by itself, the real daemon, and a stand-in for Google between them: all the way from
// `pushManager.subscribe()` to what Chromium decrypts, shows and hands to the page.
//
//   node tests/browser/chromium-push.mjs [path to the fanfare binary]      CHROMIUM names the browser
//
// Chromium waits for pushes only where there is a network interface besides loopback, though it needs none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Chromium } from './chromium/browser.mjs';
import { Desktop } from './chromium/desktop.mjs';
import { renameEndpoints } from './chromium/gcm-endpoints.mjs';
import { Gcm } from './chromium/gcm.mjs';
import { Daemon } from './daemon.mjs';
import { until, within } from './limits.mjs';
import { PushService } from './push-service.mjs';
import { runSteps } from './steps.mjs';

const binary = resolve(process.argv[2] ?? join(import.meta.dirname, '../../target/debug/fanfare'));
const directory = mkdtempSync(join(tmpdir(), 'fanfare-chromium-push-'));
const refusals = [];
const acknowledged = [];
let service, gcm, daemon, desktop, browser, page, endpoints;
let pushes = 0;

const UTF8 = 'Zwölf Hörner – „bis Freitag“ ✓ 日本語 עברית 🎺 e\u0301';
const NEWS = {
  notification: { title: 'Blechbläser gesucht 🎺', body: UTF8, data: { kind: 'news' } },
  data: { article: 4711, tags: ['brass', 'Flügelhorn'] },
};
/** As long as a payload may be, and longer than what MCS calls a small message. */
const LONGEST = `${'ü'.repeat(1900)}${'x'.repeat(167)}`;

/** In order; each builds on the ones before it. */
const STEPS = {
  async 'the daemon, the stand-in for Google and Chromium start'() {
    service = await PushService.start(directory);
    service.on('refused', ({ status }) => refusals.push(status));
    gcm = await Gcm.start(directory, service);
    gcm.mcs.on('acknowledged', (id) => acknowledged.push(id));
    daemon = await Daemon.start(binary, directory, service);
    desktop = await Desktop.start(directory);
    const chromium = process.env.CHROMIUM ?? 'chromium';
    browser = await Chromium.start(chromium, directory, desktop.address, gcm.flags);
    await browser.setNotifications(daemon.origin, 'granted');
  },

  async 'the demo page says that this browser is not subscribed'() {
    page = await browser.open(`${daemon.origin}/demo`);
    endpoints = await renameEndpoints(page, service.authority);
    await page.reads('#status', 'Not subscribed');
  },

  async 'pressing Subscribe subscribes at Google, with the key of the app, and Chromium waits for pushes'() {
    const login = once(gcm.mcs, 'login');
    await page.click('#subscribe');
    await page.reads('#status', 'Subscribed');
    const { key } = await daemon.call('GET', '/v1/push-key');
    assert.deepEqual(gcm.registered.map(({ sender }) => sender), [key]);
    assert.equal(endpoints.length, 1);
    assert.match(endpoints[0], /^https:\/\/(fcm\.googleapis|jmt17\.google)\.com\/(fcm\/send|wp)\/[\w-]{36}$/);
    assert.equal((await subscriptions()).length, 1);
    await within(30, 'Chromium to log in, for which it wants a network interface besides loopback', login);
  },

  async 'text arrives exactly: on the desktop, as the notification and in the page'() {
    const sent = await sendText(UTF8);
    assert.equal(sent.recipients, 1);
    await desktop.shows(UTF8);
    const shown = await notification((one) => one.body === UTF8);
    assert.equal(shown.data.fanfare.id, sent.id);
    const arrival = await arrived((item) => item.body === UTF8);
    assert.equal(arrival.from, `demo, number ${sent.seq}`);
    await settled(sent.id);
  },

  async 'title, body and data arrive exactly'() {
    const sent = await send(NEWS);
    const arrival = await arrived((item) => item.title === NEWS.notification.title);
    assert.equal(arrival.body, UTF8);
    assert.deepEqual(JSON.parse(arrival.data), NEWS.data);
    await desktop.shows(UTF8);
    const shown = await notification((one) => one.title === NEWS.notification.title);
    assert.equal(shown.body, UTF8);
    assert.equal(shown.data.kind, 'news');
    assert.deepEqual(shown.data.data, NEWS.data);
    await settled(sent.id);
  },

  async 'twenty arrive in the order in which they were sent'() {
    const bodies = Array.from({ length: 20 }, (_, n) => `in order: ${n + 1}`);
    for (const body of bodies) await send({ notification: { title: 'Order', body } });
    await arrived((item) => item.body === bodies.at(-1));
    const listed = (await arrivals()).filter((item) => item.title === 'Order');
    assert.deepEqual(listed.map((item) => item.body).reverse(), bodies);
  },

  async 'a payload of 3967 bytes arrives whole'() {
    assert.equal(Buffer.byteLength(LONGEST), 3967);
    const sent = await send({ raw: LONGEST });
    await arrived((item) => item.body === LONGEST);
    await desktop.shows(LONGEST);
    await notification((one) => one.body === LONGEST);
    await settled(sent.id);
    assert.equal(gcm.sizes.at(-1), 86 + 3968 + 16); // RFC 8188: header, padded record, tag
  },

  async 'a push without a payload is shown and told all the same'() {
    const before = (await arrivals()).length;
    const sent = await sendText('');
    await desktop.shows('New message');
    await notification((one) => one.body === 'New message');
    await until(20, 'the arrival in the page', async () => (await arrivals()).length === before + 1);
    await settled(sent.id);
    assert.equal(gcm.sizes.at(-1), 0);
  },

  async 'every push was accepted, and Chromium acknowledged each, once'() {
    assert.deepEqual(refusals, []);
    await until(20, `${pushes} acknowledgements`, () => acknowledged.length >= pushes);
    assert.equal(acknowledged.length, pushes);
  },

  async 'after a reload the browser is still subscribed, once'() {
    await page.open(`${daemon.origin}/demo`);
    await page.reads('#status', 'Subscribed');
    assert.equal(gcm.registered.length, 1);
    assert.equal((await subscriptions()).length, 1);
  },

  async 'Unsubscribe makes the daemon, Chromium and Google forget'() {
    await unsubscribe();
    assert.equal(gcm.deleted[0]['X-subtype'], gcm.registered[0]['X-subtype']);
    assert.deepEqual(await subscriptions(), []);
    assert.equal((await sendText('Nobody hears this')).recipients, 0);
  },

  async 'subscribing again makes another registration, and pushes arrive by that'() {
    await subscribeAnew('By another endpoint');
    assert.notEqual(endpoints[1], endpoints[0]);
  },

  async 'the daemon forgets what the push service answers 410 for'() {
    await gcm.forgetAll();
    const sent = await sendText('Into the void');
    await until(20, 'the outcome', async () => (await outcomes(sent.id)).gone === 1);
    assert.deepEqual(refusals, [410]);
    assert.deepEqual(await subscriptions(), []);
    assert.equal((await sendText('Nobody hears this')).recipients, 0);
  },

  async 'whoever was forgotten can come back'() {
    await unsubscribe();
    await subscribeAnew('Back again');
  },

  async 'what was sent to nobody never arrived'() {
    const bodies = (await arrivals()).map((item) => item.body);
    assert.deepEqual(bodies, ['Back again', 'By another endpoint']);
  },
};

async function unsubscribe() {
  const before = gcm.deleted.length;
  await page.click('#unsubscribe');
  await page.reads('#status', 'Not subscribed');
  await until(20, 'Chromium to delete its registration', () => gcm.deleted.length === before + 1);
}

async function subscribeAnew(text) {
  const before = gcm.registered.length;
  await page.click('#subscribe');
  await page.reads('#status', 'Subscribed');
  assert.equal(gcm.registered.length, before + 1);
  assert.equal((await subscriptions()).length, 1);
  const sent = await sendText(text);
  await arrived((item) => item.body === text);
  await settled(sent.id);
}

/** As `curl -d` sends it. */
function sendText(text) {
  return send(text, 'application/x-www-form-urlencoded');
}

async function send(body, contentType) {
  const sent = await daemon.call('POST', '/v1/channels/demo/notifications', body, contentType);
  pushes += sent.recipients;
  return sent;
}

/** The list on the page, newest first. */
function arrivals() {
  return page.evaluate(() => {
    const text = (item, selector) => item.querySelector(selector)?.textContent ?? null;
    return Array.from(document.querySelectorAll('#arrivals li'), (item) => ({
      title: text(item, 'h3'), body: text(item, '.arrival-body'), data: text(item, '.arrival-data'),
      from: text(item, '.arrival-from'),
    }));
  });
}

function arrived(test) {
  return until(20, 'the arrival in the page', async () => (await arrivals()).find(test));
}

/** What the browser says it shows. */
function notifications() {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/demo');
    const shown = await registration.getNotifications();
    return shown.map(({ title, body, tag, data }) => JSON.parse(JSON.stringify({ title, body, tag, data })));
  });
}

function notification(test) {
  return until(20, 'the notification', async () => (await notifications()).find(test));
}

async function outcomes(id) {
  return (await daemon.call('GET', `/v1/notifications/${id}`)).outcomes;
}

/** The API says that the push service of the one recipient accepted it. */
async function settled(id) {
  await until(20, 'the notification to be done', async () => {
    const { accepted, pending } = await outcomes(id);
    return accepted === 1 && pending === 0;
  });
}

async function subscriptions() {
  return (await daemon.call('GET', '/v1/channels/demo/subscriptions')).items;
}

function report() {
  const complaints = (browser?.complaints ?? []).map((complaint) => `page: ${JSON.stringify(complaint)}`);
  const lines = (name, from) => (from?.process.lines ?? []).map((line) => `${name}: ${line}`);
  return [...complaints, ...lines('Chromium', browser), ...lines('daemon', daemon)];
}

async function close() {
  await browser?.stop();
  desktop?.stop();
  gcm?.stop();
  await service?.stop();
}

await runSteps(STEPS, { directory, report, close });
