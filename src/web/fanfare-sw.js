/**
 * Fanfare's service worker: shows every push, tells every open page, routes clicks, renews a subscription that the
 * browser replaced. Alone or inside another worker: `importScripts('https://push.example/sdk/fanfare-sw.js')`.
 *
 * Every push is shown, also one that it does not understand: browsers take push away from sites that stay silent.
 */
(() => {
  'use strict';

  const REMEMBERED = 200; // ids of relayed notifications: more than a push service redelivers at once
  const OPTIONS = [
    'actions', 'badge', 'body', 'data', 'dir', 'icon', 'image', 'lang', 'renotify', 'requireInteraction', 'silent',
    'tag', 'timestamp', 'vibrate',
  ];
  const { registration } = self;
  const { scope } = registration;
  let lastShown = Promise.resolve(); // one after the other, so that each sees what is on screen

  self.addEventListener('push', (event) => event.waitUntil(receive(event)));
  self.addEventListener('notificationclick', (event) => event.waitUntil(follow(event)));
  self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(event)));

  async function receive(event) {
    const message = understand(event);
    try {
      const shown = lastShown.then(() => show(message.notification, Boolean(event.notification)));
      lastShown = shown.catch(() => {});
      await shown;
    } finally {
      if (await isFirst(message.id)) await relay(message);
      if (message.app_badge !== undefined) await navigator.setAppBadge?.(message.app_badge).catch(() => {});
    }
  }

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
    const app_badge = json?.app_badge ?? declared.app_badge;
    return { id, channel, epoch, seq, group, data: notification.data.data, notification, app_badge };
  }

  /** The options that are there: absent is not the same as undefined or null to a strict browser. */
  function options(from) {
    return Object.fromEntries(OPTIONS.filter((name) => from[name] != null).map((name) => [name, from[name]]));
  }

  async function show(notification, declarative) {
    let { title, navigate, ...shown } = notification;
    const links = Object.fromEntries((Array.isArray(shown.actions) ? shown.actions : [])
      .map(({ action, navigate: link }) => [action, link]));
    // Kept in the data for the click. As an option `navigate` would suppress `notificationclick` where it is new.
    shown.data = { ...shown.data, fanfare: { ...shown.data.fanfare, navigate, links } };
    if (declarative) shown.navigate = navigate;
    const newer = await newerOf(shown);
    if (newer) [title, shown] = [newer.title, { ...options(newer), renotify: false }];
    try {
      await registration.showNotification(title, shown);
    } catch {
      // One option that this browser refuses must not make the push silent.
      const { body, tag, data } = shown;
      await registration.showNotification(title, { body, tag, data });
    }
  }

  /** What is on screen under the same tag and comes later in the same log: it stays. */
  async function newerOf({ tag, data: { fanfare } }) {
    const same = tag ? await registration.getNotifications({ tag }).catch(() => []) : [];
    return same.find(({ data }) => {
      const other = data?.fanfare;
      return other?.channel === fanfare.channel && other.epoch === fanfare.epoch && other.seq > fanfare.seq;
    });
  }

  /** A repeat is relayed once. Without an id, or without storage, relaying twice is better than never. */
  async function isFirst(id) {
    if (!id) return true;
    const key = `${scope} relayed`;
    let first = true;
    await storage('readwrite', (state) => {
      const reading = state.get(key);
      reading.onsuccess = () => {
        const ids = reading.result ?? [];
        first = !ids.includes(id);
        if (first) state.put([...ids, id].slice(-REMEMBERED), key);
      };
      return reading;
    }).catch(() => {});
    return first;
  }

  async function relay(message) {
    const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    pages.forEach((page) => page.postMessage({ fanfare: message, scope }));
  }

  async function follow({ action, notification }) {
    notification.close();
    const { links, navigate } = notification.data?.fanfare ?? {};
    const url = new URL(links?.[action] ?? notification.navigate ?? navigate ?? scope, scope);
    const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const there = open.find((page) => page.url === url.href);
    if (there) return there.focus();
    // Only a page that this worker controls lets itself be navigated.
    const [controlled] = await self.clients.matchAll({ type: 'window' });
    if (!controlled || url.origin !== location.origin) return self.clients.openWindow(url);
    await controlled.focus();
    return controlled.navigate(url);
  }

  /** Should this fail, the SDK does it when a page is next loaded. */
  function renew({ newSubscription }) {
    return navigator.locks.request(`fanfare ${scope}`, async () => {
      const record = await storage('readonly', (state) => state.get(scope));
      if (!record) return;
      const { server, app, push_key, id, secret } = record;
      const manager = registration.pushManager;
      const subscription = newSubscription ?? await manager.getSubscription()
        ?? await manager.subscribe({ userVisibleOnly: true, applicationServerKey: push_key });
      if (subscription.endpoint === record.endpoint) return;
      const response = await fetch(`${server}/v1/subscriptions/${id}`, {
        method: 'PUT',
        headers: { 'Authorization': `Bearer ${secret}`, 'Content-Type': 'application/json', 'Fanfare-App': app },
        body: JSON.stringify({ ...subscription.toJSON(), push_key }),
      });
      if (!response.ok) return;
      const answer = await response.json();
      const renewed = {
        ...record, id: answer.id ?? id, secret: answer.secret ?? secret, channels: answer.channels ?? record.channels,
        endpoint: subscription.endpoint,
      };
      await storage('readwrite', (state) => state.put(renewed, scope));
      new BroadcastChannel('fanfare').postMessage({ scope });
    });
  }

  /** As in fanfare.js: one transaction on the one store. */
  function storage(mode, act) {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open('fanfare', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('state');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const db = opening.result;
        const transaction = db.transaction('state', mode);
        const request = act(transaction.objectStore('state'));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
        db.close(); // takes effect after the transaction
      };
    });
  }
})();
