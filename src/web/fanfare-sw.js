/**
 * Fanfare's service worker: shows every push, tells every open page, routes clicks, renews a subscription that the
 * browser replaced. Alone, in another worker by `importScripts('https://push.example/sdk/fanfare-sw.js')`, or in a
 * module worker by `import`. It leaves no global name, and notifications that are not its own alone.
 *
 * Every push is shown, also one that it does not understand: browsers take push away from sites that stay silent.
 */
(() => {
  'use strict';

  const REMEMBERED = 200; // notifications: more than a push service redelivers at once
  const PATIENCE_MS = 2000; // Safari gives a push about 10 s
  const OPTIONS = [
    'actions', 'badge', 'body', 'data', 'dir', 'icon', 'image', 'lang', 'renotify', 'requireInteraction', 'silent',
    'tag', 'timestamp', 'vibrate',
  ];
  const { registration } = self;
  const { scope } = registration;
  const RELAYED = `${scope} relayed`; // where what was relayed is remembered
  let lastPush; // one after the other: each knows what was shown before it, and pages hear them in order

  self.addEventListener('push', (event) => event.waitUntil(receive(event)));
  self.addEventListener('notificationclick', (event) => event.waitUntil(follow(event)));
  self.addEventListener('notificationclose', (event) => event.waitUntil(report(event.notification, 'closed')));
  self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(event)));

  /** Shows first: whatever else fails or takes its time, the push was not silent. */
  async function receive(event) {
    const message = understand(event);
    const showing = soon(lastPush).then(() => show(message.notification, Boolean(event.notification)));
    lastPush = soon(showing.catch(() => false)).then(async (isShown) => {
      const isNew = await soon(isFirst(message)) ?? true;
      if (isNew) await soon(relay(message).catch(() => {}));
      return isShown && isNew;
    });
    const isNewOnScreen = await lastPush;
    if (message.app_badge !== undefined) await navigator.setAppBadge?.(message.app_badge).catch(() => {});
    if (isNewOnScreen) await report(message.notification, 'shown');
    await showing; // a refusal is the browser's to log
  }

  /** What never settles holds up no other push: then undefined. */
  const soon = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);

  /** The push as a message to pages: Declarative Web Push where it is that, else the text under this site's name. */
  function understand(event) {
    const text = event.data?.text() ?? '';
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    // `event.notification`: Safari has read the declaration already, and may keep the data to itself.
    const declared = event.notification ?? json?.notification ?? json;
    if (!declared?.title || typeof declared.title !== 'string') {
      const readable = text && typeof json !== 'object' && !text.includes('\ufffd');
      const body = readable ? text : 'New message';
      return { raw: text, notification: { title: location.hostname, body, data: {} } };
    }
    const notification = { title: declared.title, navigate: declared.navigate, ...options(declared) };
    const { data } = notification;
    notification.data = typeof data === 'object' ? data : { data };
    const { id, channel, epoch, seq, group } = notification.data.fanfare ?? {};
    const app_badge = json?.app_badge ?? event.appBadge ?? declared.app_badge ?? undefined;
    return { id, channel, epoch, seq, group, data: notification.data.data, notification, app_badge };
  }

  /** The options that are there: absent is not the same as undefined or null to a strict browser. */
  function options(from) {
    return Object.fromEntries(OPTIONS.filter((name) => from[name] != null).map((name) => [name, from[name]]));
  }

  /** Whether it was shown: under its tag a newer one may stay. */
  async function show(notification, declarative) {
    let { title, navigate, ...shown } = notification;
    const actions = Array.isArray(shown.actions) ? shown.actions : [];
    const links = Object.fromEntries(actions.map((action) => [action?.action, action?.navigate]));
    // Kept in the data for the click. As an option `navigate` would suppress `notificationclick` where it is new.
    shown.data = { ...shown.data, fanfare: { ...shown.data.fanfare, navigate, links } };
    const newer = await soon(newerOf(shown).catch(() => {}));
    if (newer) [title, shown] = [newer.title, { ...options(newer), renotify: false }];
    const { body, tag, data } = shown;
    if (declarative && data.fanfare.navigate) shown.navigate = data.fanfare.navigate;
    try {
      await registration.showNotification(title, shown);
    } catch {
      // One option that this browser refuses must not make the push silent.
      await registration.showNotification(title, { body, tag, data });
    }
    return !newer;
  }

  /**
   * What is on screen under the same tag and comes later in the same log: it stays. Asks the browser only where there
   * was one: Chromium forgets a notification for good that is on its way to the desktop when somebody asks.
   */
  async function newerOf({ tag, data: { fanfare } }) {
    const isNewer = (other) => other?.channel === fanfare.channel && other.epoch === fanfare.epoch
      && other.seq > fanfare.seq;
    if (!tag || tag === fanfare.id) return undefined; // nobody else's
    const seen = await storage('readonly', (state) => state.get(RELAYED));
    if (!seen?.some((other) => other.tag === tag && isNewer(other))) return undefined;
    return (await registration.getNotifications({ tag })).find(({ data }) => isNewer(data?.fanfare));
  }

  /** A repeat is relayed once. Without an id, or without storage, relaying twice is better than never. */
  async function isFirst({ id, channel, epoch, seq, notification: { tag } }) {
    if (!id) return true;
    let first = true;
    await storage('readwrite', (state) => {
      const reading = state.get(RELAYED);
      reading.onsuccess = () => {
        const seen = reading.result ?? [];
        first = !seen.some((other) => other.id === id);
        if (first) state.put([...seen, { id, tag, channel, epoch, seq }].slice(-REMEMBERED), RELAYED);
      };
      return reading;
    }).catch(() => {});
    return first;
  }

  async function relay(message) {
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    pages.forEach((page) => page.postMessage({ fanfare: message, scope }));
  }

  /** A receipt, where the app counts them: one attempt, of which nothing depends. */
  async function report({ data }, event) {
    if (data?.fanfare?.receipts !== true) return;
    try {
      const record = await storage('readonly', (state) => state.get(scope));
      if (record) await call(record, 'POST', '/receipts', { notification: data.fanfare.id, event });
    } catch {
      // Offline, or the page has unsubscribed: it counts as not seen.
    }
  }

  async function follow({ action, notification }) {
    if (!notification.data?.fanfare) return; // another's
    notification.close();
    try {
      await visit(destination(action, notification));
    } finally {
      await report(notification, 'clicked');
    }
  }

  /** The action's link, else the notification's, else this worker's pages; what is no web address is passed over. */
  function destination(action, { navigate, data: { fanfare } }) {
    for (const link of [fanfare.links?.[action], navigate, fanfare.navigate]) {
      if (!link || typeof link !== 'string') continue;
      try {
        const url = new URL(link, scope);
        if (/^https?:$/.test(url.protocol)) return url;
      } catch {
        // The next one.
      }
    }
    return new URL(scope);
  }

  async function visit(url) {
    const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const there = open.find((page) => page.url === url.href);
    // Only a page that this worker controls lets itself be navigated.
    const [controlled] = url.origin === location.origin ? await self.clients.matchAll({ type: 'window' }) : [];
    try {
      if (there) return await there.focus();
      if (controlled) return await (await controlled.focus()).navigate(url.href);
    } catch {
      // It has gone meanwhile.
    }
    return self.clients.openWindow(url.href);
  }

  /** Should this fail, the SDK does it when a page is next loaded. */
  function renew({ newSubscription }) {
    return navigator.locks.request(`fanfare ${scope}`, async () => {
      const record = await storage('readonly', (state) => state.get(scope));
      if (!record) return;
      const { push_key } = record;
      const manager = registration.pushManager;
      const subscription = newSubscription ?? await manager.getSubscription()
        ?? await manager.subscribe({ userVisibleOnly: true, applicationServerKey: push_key });
      const { endpoint } = subscription;
      if (endpoint === record.endpoint) return;
      const response = await call(record, 'PUT', '', { ...subscription.toJSON(), push_key });
      if (!response.ok) return;
      const { id, channels, secret = record.secret } = await response.json();
      await storage('readwrite', (state) => state.put({ ...record, id, channels, secret, endpoint }, scope));
      new BroadcastChannel('fanfare').postMessage({ scope });
    });
  }

  /** By the subscription's secret; `keepalive`, because the browser may stop this worker meanwhile. */
  function call({ server, app, id, secret }, method, rest, body) {
    return fetch(`${server}/v1/subscriptions/${id}${rest}`, {
      method,
      keepalive: true,
      signal: AbortSignal.timeout(1e4), // pages wait for the same lock
      headers: { 'Authorization': `Bearer ${secret}`, 'Content-Type': 'application/json', 'Fanfare-App': app },
      body: JSON.stringify(body),
    });
  }

  const settled = (target, done, failed) => new Promise((resolve, reject) => {
    target[done] = resolve;
    target[failed] = () => reject(target.error);
  });

  /** As in fanfare.js: one transaction on the one store. */
  async function storage(mode, act) {
    const opening = indexedDB.open('fanfare', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('state');
    await settled(opening, 'onsuccess', 'onerror');
    const transaction = opening.result.transaction('state', mode);
    const request = act(transaction.objectStore('state'));
    opening.result.close(); // takes effect after the transaction
    await settled(transaction, 'oncomplete', 'onabort');
    return request.result;
  }
})();
