// A real Firefox, the real daemon, and a push service of the test's own: what a newcomer does on /demo, and what arrives.
//
//   node tests/browser/firefox.mjs [path to the fanfare binary]      FIREFOX names the browser, firefox-esr by default

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Daemon } from './daemon.mjs';
import { until, within } from './limits.mjs';
import { Firefox } from './marionette.mjs';
import { stopAll } from './processes.mjs';
import { PushService, unpadded } from './push-service.mjs';

const binary = resolve(process.argv[2] ?? join(import.meta.dirname, '../../target/debug/fanfare'));
const directory = mkdtempSync(join(tmpdir(), 'fanfare-browser-'));
let service, daemon, firefox;

const NEWS = {
  notification: { title: 'Blechbläser gesucht', body: 'Zwölf Hörner – „bis Freitag“ ✓', data: { kind: 'news' } },
  data: { article: 4711, tags: ['brass', 'horn'] },
};

/** A P-256 public key that is not the app's: RFC 8291, appendix A. */
const FOREIGN_KEY = 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8';

/** In order; each builds on the ones before it. */
const STEPS = {
  async 'the daemon starts and is ready'() {
    service = await PushService.start(directory);
    service.refusals = [];
    service.registered = [];
    service.acknowledged = [];
    service.on('refused', ({ status, reason }) => service.refusals.push(`${status} ${reason}`));
    service.on('register', (message) => service.registered.push(message));
    service.on('ack', ({ updates }) => service.acknowledged.push(...updates));
    daemon = await Daemon.start(binary, directory, service);
  },

  async 'Firefox starts and greets its push service'() {
    const greeting = once(service, 'hello');
    firefox = await Firefox.start(process.env.FIREFOX ?? 'firefox-esr', directory, service.socketUrl);
    await within(60, 'Firefox to say hello to the push service', greeting);
  },

  async 'the demo page says that this browser is supported and not subscribed'() {
    await firefox.open(`${daemon.origin}/demo`);
    await seen('#status', 'Not subscribed');
    assert.match(await firefox.text('#explanation'), /supports Web Push/);
  },

  async 'pressing Subscribe subscribes, with the key of the app'() {
    await firefox.press('#subscribe');
    await seen('#status', 'Subscribed');
    assert.match(await firefox.text('#subscription'), /^sub_\w+$/);
    assert.equal(await firefox.text('#channels'), 'demo');
    const { key } = await daemon.call('GET', '/v1/push-key');
    assert.deepEqual(service.registered.map((message) => unpadded(message.key)), [key]);
  },

  async 'the page shows no secret and no endpoint'() {
    const page = await firefox.evaluate('return document.documentElement.outerHTML;');
    assert.doesNotMatch(page, /ss_|fk_|\/push\//);
  },

  async 'text sent as curl sends it arrives in the page and as a notification'() {
    const sent = await sendText('Tea is ready');
    assert.equal(sent.recipients, 1);
    const arrival = await arrived((item) => item.body === 'Tea is ready');
    const shown = await notification((one) => one.body === 'Tea is ready');
    assert.equal(shown.title, arrival.title);
    assert.equal(shown.data.fanfare.id, sent.id);
    assert.equal(arrival.from, `demo, number ${sent.seq}`);
    await settled(sent.id);
  },

  async 'title, body and data arrive exactly, in the page and in the notification'() {
    const sent = await daemon.call('POST', '/v1/channels/demo/notifications', NEWS);
    const arrival = await arrived((item) => item.title === NEWS.notification.title);
    assert.equal(arrival.body, NEWS.notification.body);
    assert.deepEqual(JSON.parse(arrival.data), NEWS.data);
    const shown = await notification((one) => one.title === NEWS.notification.title);
    assert.equal(shown.body, NEWS.notification.body);
    assert.equal(shown.data.kind, 'news');
    assert.deepEqual(shown.data.data, NEWS.data);
    const { id, channel, epoch, seq } = shown.data.fanfare;
    assert.deepEqual({ id, channel, seq }, { id: sent.id, channel: 'demo', seq: sent.seq });
    assert.ok(epoch, 'no epoch');
    await settled(sent.id);
  },

  async 'a text that is no notification is shown all the same'() {
    const sent = await daemon.call('POST', '/v1/channels/demo/notifications', { raw: 'plain words' });
    await arrived((item) => item.body === 'plain words');
    await notification((one) => one.body === 'plain words');
    await settled(sent.id);
  },

  async 'a repeat is listed once, and does not hide what is newer under its tag'() {
    for (const body of ['1:0', '2:0']) {
      const sent = await daemon.call('POST', '/v1/channels/demo/notifications', {
        notification: { title: 'Score', body, tag: 'score' },
      });
      await settled(sent.id);
    }
    service.repeat(2);
    await sendText('After the repeat');
    await notification((one) => one.body === 'After the repeat');
    await arrived((item) => item.body === 'After the repeat');
    const scores = (await notifications()).filter((one) => one.tag === 'score');
    assert.deepEqual(scores.map((one) => one.body), ['2:0']);
    const listed = (await arrivals()).filter((item) => item.title === 'Score');
    assert.deepEqual(listed.map((item) => item.body), ['2:0', '1:0']);
  },

  async 'Send me a test arrives'() {
    const before = (await arrivals()).length;
    await firefox.press('#test');
    await until(20, 'the test to arrive in the page', async () => (await arrivals()).length === before + 1);
    assert.equal(await firefox.text('#problem'), '');
  },

  async 'after a reload the browser is still subscribed, once'() {
    await firefox.reload();
    await seen('#status', 'Subscribed');
    assert.equal(service.registered.length, 1);
    assert.equal((await subscriptions()).length, 1);
  },

  async 'a subscription that the push service replaced is renewed by the worker, under the same id'() {
    const [{ id }] = await subscriptions();
    // The worker tells the pages when the server has the new endpoint.
    await firefox.evaluate(`
      window.told = new Promise((resolve) => { new BroadcastChannel('fanfare').onmessage = () => resolve(); });`);
    service.forgetTheBrowser();
    await firefox.evaluate('await window.told;');
    assert.equal(service.registered.length, 2);
    assert.deepEqual((await subscriptions()).map((one) => one.id), [id]);
    const sent = await sendText('Still here');
    await arrived((item) => item.body === 'Still here');
    await settled(sent.id);
  },

  async 'Unsubscribe makes the server, the browser and its push service forget'() {
    await unsubscribe();
    assert.deepEqual(await subscriptions(), []);
    const sent = await sendText('Nobody hears this');
    assert.equal(sent.recipients, 0);
  },

  async 'a subscription made with another key is replaced'() {
    await firefox.evaluate(`
      const registration = await navigator.serviceWorker.getRegistration('/demo');
      await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: args[0] });`, FOREIGN_KEY);
    await firefox.press('#subscribe');
    await seen('#status', 'Subscribed');
    const sent = await sendText('With our own key');
    await arrived((item) => item.body === 'With our own key');
    await settled(sent.id);
    await unsubscribe();
  },

  async 'two tabs that subscribe at once make one subscription, and both show it'() {
    const before = service.registered.length;
    const tabs = await firefox.openTab(`${daemon.origin}/demo`);
    await seen('#status', 'Not subscribed');
    const onSignal = `
      new BroadcastChannel('signal').onmessage = () => document.querySelector('#subscribe').click();`;
    await firefox.evaluate(onSignal);
    await tabs.first();
    await firefox.evaluate(onSignal);
    await firefox.evaluate(`new BroadcastChannel('signal').postMessage('now');`);
    await seen('#status', 'Subscribed');
    await tabs.second();
    await seen('#status', 'Subscribed');
    assert.equal(service.registered.length, before + 1);
    assert.equal((await subscriptions()).length, 1);
    await sendText('To both tabs');
    await arrived((item) => item.body === 'To both tabs');
    await tabs.first();
    await arrived((item) => item.body === 'To both tabs');
  },

  async 'every push was accepted, decrypted and handled'() {
    assert.deepEqual(service.refusals, []);
    await until(20, 'acknowledgements', () => service.acknowledged.length >= 7);
    assert.deepEqual(service.acknowledged.filter(({ code }) => code !== 100), []);
  },
};

async function unsubscribe() {
  const unregistered = once(service, 'unregister');
  await firefox.press('#unsubscribe');
  await seen('#status', 'Not subscribed');
  await within(20, 'Firefox to unregister at the push service', unregistered);
}

/** As `curl -d` sends it. */
function sendText(text) {
  return daemon.call('POST', '/v1/channels/demo/notifications', text, 'application/x-www-form-urlencoded');
}

/** Waits until a reader of the page sees this text there. */
async function seen(selector, text) {
  try {
    await until(20, `${selector} to read “${text}”`, async () => await firefox.text(selector) === text);
  } catch (error) {
    const problem = await firefox.text('#problem').catch(() => null);
    throw new Error(`${error.message}; it reads “${await firefox.text(selector)}”, the problem “${problem}”`);
  }
}

/** The list on the page, newest first. */
function arrivals() {
  return firefox.evaluate(`
    const text = (item, selector) => item.querySelector(selector)?.textContent ?? null;
    return Array.from(document.querySelectorAll('#arrivals li'), (item) => ({
      title: text(item, 'h3'), body: text(item, '.arrival-body'), data: text(item, '.arrival-data'),
      from: text(item, '.arrival-from'),
    }));`);
}

async function arrived(test) {
  return until(20, 'the arrival in the page', async () => (await arrivals()).find(test));
}

/** What the browser says it shows. */
function notifications() {
  return firefox.evaluate(`
    const registration = await navigator.serviceWorker.getRegistration('/demo');
    const shown = await registration.getNotifications();
    return shown.map(({ title, body, tag, data }) => JSON.parse(JSON.stringify({ title, body, tag, data })));`);
}

async function notification(test) {
  return until(20, 'the notification', async () => (await notifications()).find(test));
}

/** The API says that the push service of the one recipient accepted it. */
async function settled(id) {
  await until(20, 'the notification to be done', async () => {
    const status = await daemon.call('GET', `/v1/notifications/${id}`);
    return status.state === 'done' && status.outcomes.accepted === 1 && status.outcomes.pending === 0;
  });
}

async function subscriptions() {
  return (await daemon.call('GET', '/v1/channels/demo/subscriptions')).items;
}

async function run() {
  let passed = 0;
  for (const [name, step] of Object.entries(STEPS)) {
    const start = Date.now();
    try {
      await step();
      passed += 1;
      console.log(`ok      ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      console.log(`FAILED  ${name}\n        ${error.message.replaceAll('\n', '\n        ')}`);
      console.log(`        the push service refused: ${JSON.stringify(service?.refusals ?? [])}`);
      for (const line of daemon?.process.lines ?? []) console.log(`        daemon: ${line}`);
      return { passed, failed: 1 }; // what follows builds on it
    }
  }
  return { passed, failed: 0 };
}

/** Whatever ends this run, what it started ends with it. */
async function cleanUp() {
  await firefox?.stop();
  await stopAll();
  await service?.stop();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
const { passed, failed } = await run();
await cleanUp();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
