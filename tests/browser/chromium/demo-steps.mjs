// The demo page by keyboard and mouse: sending with every option to browsers that are endpoints of the test's push
// service, what is shown of its delivery, and where the server's objections appear.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { until } from '../limits.mjs';
import { EVERY_OPTION, fill, fieldOf, moment } from './options.mjs';
import { message } from './workers.mjs';

/** A P-256 public key that is not the app's: RFC 8291, appendix A. */
const FOREIGN_KEY = 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8';

export const demoSteps = (t) => ({
  async 'Subscribe says that this browser cannot reach its push service'() {
    await t.second.close();
    await t.demo.send('Page.bringToFront');
    await t.demo.click('#subscribe');
    await t.demo.reads('#problem', /cannot reach its push service.*try another browser/);
    await t.demo.reads('#status', 'Not subscribed');
  },

  async 'sending without a key says so at the key, and asks nobody'() {
    const asked = t.browser.requests.length;
    await t.demo.tabTo('#field-1'); // the title
    await t.demo.press('Enter');
    await t.demo.reads('#key-mistake', /^This is needed to send/);
    assert.equal(await t.demo.run('document.activeElement.id'), 'key');
    assert.equal(t.browser.requests.length, asked);
  },

  async 'a message is sent by keyboard alone, and its status becomes done by itself'() {
    for (let n = 0; n < 3; n += 1) await t.subscribers.join('team:7');
    await t.demo.run(`{
      window.said = [];
      new MutationObserver(() => said.push(document.querySelector('#progress-said').textContent))
        .observe(document.querySelector('#progress-said'), { childList: true });
    }`);
    await t.demo.type(t.key); // where the focus was led
    await t.demo.tabTo('#channel');
    await t.demo.retype('team:7');
    await t.demo.tabTo('#notification-fields input');
    await t.demo.retype('Kettle');
    await t.demo.press('Enter');
    await t.demo.reads('#progress-state', 'Done');
    await t.demo.reads('#progress-said', 'Done: 3 of 3 browsers accepted it.');
    assert.equal(await t.demo.text('[data-outcome="accepted"] dd'), '3');
    const status = await t.daemon.call('GET', `/v1/notifications/${await t.demo.text('#progress-id')}`);
    assert.deepEqual([status.state, status.channel, status.outcomes.accepted], ['done', 'team:7', 3]);
    await until(10, 'three pushes', () => t.subscribers.received.length === 3);
    assert.deepEqual(await t.demo.run('said'), ['Sent to 3 browsers.', 'Done: 3 of 3 browsers accepted it.']);
  },

  async 'the key is nowhere but in its field'() {
    const places = await t.demo.run(`(async () => [
      document.documentElement.outerHTML, document.cookie, location.href, JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }), JSON.stringify(history.state), JSON.stringify(await indexedDB.databases()),
    ])()`);
    for (const place of [...places, ...t.browser.requests]) assert.ok(!place.includes(t.key), place.slice(0, 200));
    assert.equal(await t.demo.run(`document.querySelector('#key').type`), 'password');
    assert.match(await t.demo.text('#command'), /Bearer \$KEY/);
  },

  async 'every option is sent as it was given, and the command beside the form is the same call'() {
    const { body, fields } = EVERY_OPTION(t.daemon.origin);
    for (const [label, value] of fields) await fill(t.demo, label, value);
    await t.demo.click('#send');
    await t.demo.reads('#progress-state', 'Scheduled');
    assert.deepEqual(JSON.parse(t.browser.lastBody), body);
    const command = await t.demo.text('#command');
    const answer = JSON.parse(execFileSync('sh', ['-c', command.replace('curl', 'curl -sS')], {
      env: { PATH: process.env.PATH, KEY: t.key }, encoding: 'utf8',
    }));
    const id = await t.demo.text('#progress-id');
    assert.equal(answer.id, id, 'under one Idempotency-Key the command is not the call of the form');
  },

  async 'what the server objects to is shown at its fields, the first of which gets the focus'() {
    for (const [label, value] of [['Image', 'kettle.png'], ['Worth delivering for', '9999999'], ['Vibrate', 'zzz']]) {
      await fill(t.demo, label, value);
    }
    await t.demo.press('Escape'); // closes the part that it was in
    await t.demo.click('#send');
    await t.demo.reads(`${await fieldOf(t.demo, 'Image')} ~ .mistake`, /^This must be an absolute https URL/);
    await t.demo.reads(`${await fieldOf(t.demo, 'Vibrate')} ~ .mistake`, /^This must be an array of milliseconds/);
    await t.demo.run(`document.querySelectorAll('#groups details').forEach((group) => (group.open = true))`);
    await t.demo.reads(`${await fieldOf(t.demo, 'Worth delivering for')} ~ .mistake`, /^This must be .*2419200/);
    const focused = await t.demo.run(`'#' + document.activeElement.id`);
    assert.equal(focused, await fieldOf(t.demo, 'Image'), 'the first wrong field has not the focus');
    assert.equal(await t.demo.run(`document.querySelectorAll('[aria-invalid=true]').length`), 3);
  },

  async 'a key that the server refuses, and data that is no JSON, are told at their fields'() {
    const page = await t.browser.open(`${t.daemon.origin}/demo`);
    await page.tabTo('#key');
    await page.type(`fk_${'x'.repeat(40)}`);
    await page.press('Enter');
    await page.reads('#key-mistake', /^This was refused: /);
    await fill(page, 'Data', '{"a":');
    await page.click('#send');
    await page.reads(`${await fieldOf(page, 'Data')} ~ .mistake`, /^This is not JSON: /);
    await page.close();
  },

  async 'a scheduled one waits, and Cancel takes it back'() {
    t.demo = await reopened(t);
    await fill(t.demo, 'Send at', moment(1));
    await t.demo.click('#send');
    await t.demo.reads('#progress-state', 'Scheduled');
    await t.demo.reads('#progress-said', /^It goes out /);
    await t.demo.tabTo('#cancel');
    await t.demo.press('Enter');
    await t.demo.reads('#progress-state', 'Cancelled');
    await t.demo.reads('#progress-said', 'Cancelled.');
    assert.equal(await t.demo.run('document.activeElement.id'), 'progress-title', 'the focus went with the button');
    const status = await t.daemon.call('GET', `/v1/notifications/${await t.demo.text('#progress-id')}`);
    assert.equal(status.state, 'cancelled');
  },

  async 'who did not get it is listed with the reason'() {
    t.demo = await reopened(t);
    await t.subscribers.join('mixed');
    const refused = await t.subscribers.join('mixed', FOREIGN_KEY);
    const left = await t.subscribers.join('mixed');
    await t.subscribers.leave(left);
    await t.demo.click('#channel');
    await t.demo.retype('mixed');
    await t.demo.press('Enter');
    await t.demo.reads('#progress-said', 'Done: 1 of 3 browsers accepted it.');
    await t.demo.reads('#failure-list', new RegExp(`${refused.id} rejected\\s+Signed with another key`));
    await t.demo.reads('#failure-list', new RegExp(`${left.id} gone\\s+.*410`));
    assert.equal(await t.demo.text('[data-outcome="gone"] dd'), '1');
  },

  async 'a status that breaks off is asked for again'() {
    await t.demo.send('Fetch.enable', { patterns: [{ urlPattern: '*/events' }] });
    const first = t.demo.event('Fetch.requestPaused');
    await t.demo.click('#channel');
    await t.demo.press('Enter');
    const { requestId } = await first;
    await t.demo.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' });
    await t.demo.send('Fetch.disable');
    await t.demo.reads('#progress-said', /^Done: 1 of /);
  },

  async 'what this page sent says how long it took to arrive here'() {
    await t.demo.click('#channel');
    await t.demo.retype('empty');
    await t.demo.press('Enter');
    await t.demo.reads('#nobody', /^Nobody is in that channel/);
    const id = await t.demo.text('#progress-id');
    await t.worker.push(message({ title: 'Back here', body: 'so soon' }, { id }), t.demo);
    await t.demo.reads('#arrivals li:first-child .arrival-time', /^\d+\.\d\d s after it was sent here$/);
  },

  async 'a raw text goes without what belongs to a notification'() {
    await t.demo.click('#kind-raw');
    await fill(t.demo, 'Raw text', 'plain words');
    assert.match(await t.demo.text('#command'), /-d '\{\s+"raw": "plain words"\s+\}'$/);
    await t.demo.click('#send');
    await until(20, 'the call', () => t.browser.lastBody && JSON.parse(t.browser.lastBody).raw === 'plain words');
    assert.deepEqual(JSON.parse(t.browser.lastBody), { raw: 'plain words' });
  },

  async 'bytes go as base64'() {
    await t.demo.click('#kind-bytes');
    await fill(t.demo, 'Bytes in base64', 'AP8=');
    await t.demo.click('#send');
    await until(20, 'the call', () => t.browser.lastBody?.includes('raw_base64'));
    assert.deepEqual(JSON.parse(t.browser.lastBody), { raw_base64: 'AP8=' });
    await t.demo.click('#kind-notification');
  },

  async 'what Web Push lacks is named with its remedy: permission, and an address that is secure'() {
    await t.browser.setNotifications(t.daemon.origin, 'denied');
    const page = await t.browser.open(`${t.daemon.origin}/demo`);
    await page.reads('#status', 'Cannot subscribe');
    await page.reads('[data-result="no"]', /Permission\s+No\s+Notifications from this site are blocked\. Allow them/);
    await t.browser.setNotifications(t.daemon.origin, 'granted');
    await page.open(`http://insecure.test:${new URL(t.daemon.origin).port}/demo`);
    await page.reads('#explanation', /Browsers allow Web Push on https pages/);
    await page.reads('[data-result="no"]', /Secure address\s+No\s+Open this page over https/);
    await page.close();
  },
});

/** A page of the demo with nothing in it but the key, in place of the last one. */
async function reopened(t) {
  const page = await t.browser.open(`${t.daemon.origin}/demo`);
  await page.reads('#status', 'Not subscribed');
  await t.demo.close();
  await page.click('#key');
  await page.type(t.key);
  return page;
}
