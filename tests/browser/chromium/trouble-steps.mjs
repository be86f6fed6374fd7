// What may go wrong while the page is in use: keys, limits, a server that is away, a clipboard that is denied.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { fill } from './options.mjs';
import { endpointStub, pageWith, unsubscribe } from './stubs.mjs';

const HASTE = 50; // how much faster time goes in a page that has to wait
const CROWD = 200;
const FAILURES = 4; // in a row: as many as the page has patience for

const TOO_MANY = {
  responseCode: 429,
  responseHeaders: [{ name: 'Content-Type', value: 'application/problem+json' }, { name: 'Retry-After', value: '7' }],
  body: Buffer.from(JSON.stringify({
    type: 'http://127.0.0.1/docs#too-many-requests', title: 'Too many requests', status: 429,
    detail: 'too many requests: try again in 7 s',
  })).toString('base64'),
};

export const troubleSteps = (t) => ({
  async 'a key without the scope, and one that was revoked, are told at the key'() {
    const page = await pageWith(t, '');
    const { id, key } = await t.daemon.call('POST', '/v1/apps/default/keys', { scopes: ['read'] });
    await sendWith(page, key);
    await page.reads('#key-mistake', /^This was refused: .*notify/);
    await t.daemon.call('DELETE', `/v1/apps/default/keys/${id}`);
    await page.press('Enter'); // the focus is on the key
    await page.reads('#key-mistake', /^This was refused: (?!.*notify)/);
    await page.close();
  },

  async 'what is too large is told with the limit'() {
    const page = await pageWith(t, '');
    await fill(page, 'Text', 'x');
    await page.evaluate(() => (document.activeElement.value = 'x'.repeat(5000)));
    await sendWith(page, t.key);
    await page.reads('#form-problem', /3967/);
    await page.close();
  },

  async 'who sends too fast is told how long to wait; who only watches is not'() {
    const page = await hasty(t, HASTE);
    const takeCalls = await intercept(page, '*/notifications', TOO_MANY);
    await sendWith(page, t.key);
    await page.reads('#form-problem', 'Too many requests: try again in 7 s');
    await takeCalls();
    const takeStreams = await intercept(page, '*/events', TOO_MANY);
    const asked = page.event('Fetch.requestPaused');
    await page.press('Enter');
    await asked;
    await takeStreams();
    await page.reads('#progress-state', 'Done');
    assert.equal(await page.text('#progress-problem'), null);
    await page.close();
  },

  async 'a test too soon after the last is told to wait'() {
    const { script } = await endpointStub(t);
    const page = await pageWith(t, script);
    await page.click('#subscribe');
    await page.reads('#status', 'Subscribed');
    await intercept(page, '*/test', TOO_MANY);
    await page.click('#test');
    await page.reads('#problem', 'Too many requests: try again in 7 s');
    assert.equal(await page.run('document.activeElement.id'), 'test');
    await unsubscribe(page);
  },

  async 'while the server is away the page says so, keeps what was written, and goes on when it is back'() {
    const page = await hasty(t, HASTE);
    const takeCalls = await intercept(page, '*/notifications', { errorReason: 'ConnectionRefused' });
    await sendWith(page, t.key);
    await page.reads('#form-problem', 'The server does not answer. Is it still running?');
    assert.equal(await page.run(`document.querySelector('#field-1').value`), 'Tea is ready');
    await page.reads('#send', 'Send');
    await takeCalls();

    const takeStreams = await intercept(page, '*/events', { errorReason: 'ConnectionReset' }, FAILURES);
    await page.press('Enter');
    await page.reads('#progress-problem', /^The server does not answer/);
    await takeStreams();
    await page.reads('#progress-state', 'Done');
    assert.equal(await page.text('#progress-problem'), null);
    await page.close();
  },

  async 'a status that says nothing any more is asked for again'() {
    await t.subscribers.register('mute', `${t.silent.endpoint}/mute`);
    const page = await hasty(t, 5 * HASTE);
    const asked = () => t.browser.requests.filter((url) => url.endsWith('/events')).length;
    const before = asked();
    await sendWith(page, t.key, 'mute');
    await until(10, 'the third asking', () => asked() >= before + 3);
    assert.equal(await page.text('#progress-state'), 'Delivering');
    assert.equal(await page.text('#progress-problem'), null);
    await page.click('#cancel');
    await page.reads('#progress-state', 'Cancelled');
    await page.close();
  },

  async 'a fan-out to two hundred is said twice, not two hundred times'() {
    for (let n = 0; n < CROWD; n += 1) await t.subscribers.join('crowd');
    const page = await pageWith(t, '');
    await page.run(`{
      window.said = [];
      const live = '[role=status], [role=alert], [aria-live]';
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const region = (target.closest ? target : target.parentElement).closest(live);
          if (region?.textContent) said.push(region.textContent);
        }
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
    }`);
    await sendWith(page, t.key, 'crowd');
    await page.reads('#progress-state', 'Done');
    await page.reads('#progress-said', `Done: ${CROWD} of ${CROWD} browsers accepted it.`);
    assert.deepEqual(await page.run('said'),
      [`Sent to ${CROWD} browsers.`, `Done: ${CROWD} of ${CROWD} browsers accepted it.`]);
    await page.close();
  },

  async 'Copy copies the command, and says where it may not'() {
    const { origin } = t.daemon;
    const allow = (name, setting) =>
      t.browser.cdp.send('Browser.setPermission', { origin, permission: { name }, setting });
    for (const name of ['clipboard-write', 'clipboard-read']) await allow(name, 'granted');
    const page = await pageWith(t, '');
    await page.send('Page.bringToFront');
    await page.click('#copy');
    await page.reads('#copied', 'Copied.');
    assert.equal(await page.run('navigator.clipboard.readText()'), await page.run(`
      document.querySelector('#command').textContent`));
    await page.click('#field-1');
    await page.type('!');
    assert.equal(await page.text('#copied'), '', 'the command is another one now');
    await allow('clipboard-write', 'denied');
    await page.click('#copy');
    await page.reads('#copied', /does not let the page copy\. Select the text/);
    await page.close();
  },
});

/** A page in which time goes faster. */
function hasty(t, times) {
  return pageWith(t, `{
    const slow = setTimeout;
    window.setTimeout = (act, ms, ...rest) => slow(act, ms / ${times}, ...rest);
  }`);
}

/** Answers so many of these requests in the server's place; further ones wait until what it returns is called. */
async function intercept(page, urlPattern, answer, times = 1) {
  const command = answer.errorReason ? 'Fetch.failRequest' : 'Fetch.fulfillRequest';
  let left = times;
  const take = (method, { requestId }, sessionId) => {
    if (method !== 'Fetch.requestPaused' || sessionId !== page.sessionId) return;
    left -= 1;
    if (left >= 0) page.send(command, { requestId, ...answer });
  };
  page.browser.on('event', take);
  await page.send('Fetch.enable', { patterns: [{ urlPattern }] });
  return async () => {
    page.browser.off('event', take);
    await page.send('Fetch.disable');
  };
}

/** By the keyboard: a channel, and a key, which sends. */
async function sendWith(page, key, channel = 'nobody') {
  await page.click('#channel');
  await page.retype(channel);
  await page.click('#key');
  await page.retype(key);
  await page.press('Enter');
}
