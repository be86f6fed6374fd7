// Pages of the demo in a browser that is not quite this one.

import { SIZES } from './measures.mjs';
import { Subscribers } from './subscribers.mjs';

const DESKTOP = { size: SIZES[0], scheme: 'light' };

/** The demo with a script that runs before the page's own. */
export async function pageWith(t, script, { size, scheme } = DESKTOP) {
  const page = await t.browser.open('about:blank', size);
  await page.emulate({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
  await page.send('Page.addScriptToEvaluateOnNewDocument', { source: script });
  await page.open(`${t.daemon.origin}/demo`);
  await page.reads('#status', /^(?!Checking)./); // its buttons are there by then
  return page;
}

/** A script: a PushManager that subscribes to that and remembers it beyond a reload. */
const stubOf = (subscription, key) => `{
  const point = Uint8Array.from(atob('${key}'.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
  const subscription = {
    ...${JSON.stringify(subscription)}, options: { applicationServerKey: point.buffer },
    toJSON: () => (${JSON.stringify(subscription)}),
    unsubscribe: async () => (sessionStorage.removeItem('stub'), true),
  };
  PushManager.prototype.getSubscription = async () => (sessionStorage.getItem('stub') ? subscription : null);
  PushManager.prototype.subscribe = async () => (sessionStorage.setItem('stub', 'subscribed'), subscription);
}`;

/** A new endpoint of the test's push service, and the script that lets the page subscribe to it. */
export async function endpointStub(t) {
  const { endpoint } = await t.subscribers.endpoint();
  const { key } = await t.daemon.call('GET', '/v1/push-key');
  return { endpoint, key, script: stubOf(Subscribers.subscriptionTo(endpoint), key) };
}

/** Leaves nothing to the next page, which has no such stub. */
export async function unsubscribe(page) {
  await page.click('#unsubscribe');
  await page.reads('#status', 'Not subscribed');
  await page.close();
}
