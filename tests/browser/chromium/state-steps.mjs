// The demo page in each of its states, photographed where `--screenshots` names a directory.
//
// Chromium's own push service cannot be reached here, so its PushManager is a stub in these steps, and in these alone:
// it hands out an endpoint of the test's push service. The SDK, the daemon, the worker and all deliveries are real.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../limits.mjs';
import { fill } from './options.mjs';
import { SCHEMES, SIZES } from './measures.mjs';
import { endpointStub, pageWith, unsubscribe } from './stubs.mjs';
import { message } from './workers.mjs';

const LOOKS = [['desktop', SIZES[0]], ['tablet', SIZES[1]], ['phone', SIZES.at(-1)]]
  .flatMap(([name, size]) => SCHEMES.map((scheme) => ({ name: `${name}-${scheme}`, size, scheme })));

export const stateSteps = (t) => ({
  async 'a browser without Web Push is told so, with what to do, and offered nothing that cannot work'() {
    for (const look of LOOKS) {
      const page = await pageWith(t, 'delete globalThis.PushManager;', look);
      await page.reads('#status', 'Cannot subscribe');
      await page.reads('[data-result="no"]', /^Push API\s+No\s+Use a current Firefox/);
      assert.equal(await page.text('#subscribe'), null);
      await photograph(t, page, look, '1-unsupported');
      await page.close();
    }
  },

  ...Object.fromEntries(LOOKS.map((look) => [
    `${look.name}: what the page says of a subscription is what the server says; what is sent is watched to its end`,
    () => walk(t, look),
  ])),

});

async function walk(t, look) {
  const { endpoint, key, script } = await endpointStub(t);
  const page = await pageWith(t, script, look);
  await page.reads('#status', 'Not subscribed');
  await photograph(t, page, look, '2-not-subscribed');

  await page.click('#subscribe');
  await page.reads('#status', 'Subscribed');
  await page.reads('#agreement', 'Agrees: active, in demo');
  await page.reads('#push-key', `${key.slice(0, 12)}… (current)`);
  await page.reads('#push-service', new URL(endpoint).host);
  const id = await page.text('#subscription');
  assert.ok((await members(t, 'demo')).includes(id));
  await page.click('#test');
  await until(20, 'the test at the push service', () => t.subscribers.received.length > 0);
  assert.equal(await page.text('#problem'), null);
  await photograph(t, page, look, '3-subscribed');

  await sendSlowly(t, page, look);
  await photograph(t, page, look, '4-sending');
  await page.click('#cancel');
  await page.reads('#progress-state', 'Cancelled');

  await sendToThree(t, page, look, id);
  await photograph(t, page, look, '5-done');

  await fill(page, 'Image', 'kettle.png');
  await page.click('#send');
  await page.reads('[aria-invalid] ~ .mistake', /^This must be an absolute https URL/);
  await page.run(`document.querySelectorAll('details').forEach((one) => (one.open = true))`);
  await page.click('#add-button');
  await photograph(t, page, look, '6-mistake');

  await t.daemon.call('DELETE', `/v1/subscriptions/${id}`);
  await page.open(`${t.daemon.origin}/demo`);
  await page.reads('#agreement', /^It does not know this subscription/);
  await unsubscribe(page);
}

/** To two that take it and one whose push service never answers. */
async function sendSlowly(t, page, { name }) {
  const channel = `slow:${name}`;
  for (let n = 0; n < 2; n += 1) await t.subscribers.join(channel);
  await t.subscribers.register(channel, `${t.silent.endpoint}/${name}`);
  await page.click('#key');
  await page.type(t.key);
  await page.click('#channel');
  await page.retype(channel);
  await page.press('Enter');
  await page.reads('#progress-state', 'Delivering');
  await page.reads('[data-outcome="accepted"] dd', '2');
  assert.equal(await page.text('[data-outcome="pending"] dd'), '1');
}

/** To three others, of which one is gone; what came here is told to the worker as its push service would. */
async function sendToThree(t, page, { name }, id) {
  const channel = `team:${name}`;
  for (let n = 0; n < 2; n += 1) await t.subscribers.join(channel);
  await t.subscribers.leave(await t.subscribers.join(channel));
  await page.click('#channel');
  await page.retype(channel);
  await fill(page, 'Data', '{"kettle": 1}');
  await page.press('Escape');
  await fill(page, 'Not to this browser', true);
  await page.press('Escape');
  await page.click('#send');
  await page.reads('#progress-said', 'Done: 2 of 3 browsers accepted it.');
  await page.reads('#failure-list', /gone/);
  assert.deepEqual(JSON.parse(t.browser.lastBody).exclude, [id]);
  const told = { id: await page.text('#progress-id'), data: { kettle: 1 } };
  await t.worker.push(message({ title: 'Tea is ready', body: 'Two cups, by the window.' }, told), page);
  await page.reads('#arrivals li:first-child .arrival-time', /after it was sent here$/);
}

async function members(t, channel) {
  return (await t.daemon.call('GET', `/v1/channels/${channel}/subscriptions`)).items.map(({ id }) => id);
}

async function photograph({ screenshots }, page, { name }, state) {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  await page.run('scrollTo(0, 0)');
  await page.screenshot(join(screenshots, `${name}-${state}.png`));
}
