// Registers a worker from a page, and hands it pushes as Chromium's push service would: already decrypted.

import { until } from '../limits.mjs';

export class Worker {
  /** Registers the script as the SDK does, and waits until it is activated: an activating one may miss a push. */
  static async register(page, script, scope) {
    const url = await page.evaluate(async (script, scope) => {
      const registration = await navigator.serviceWorker.register(script, { scope });
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      while (worker.state !== 'activated') {
        await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
      }
      return registration.scope;
    }, script, scope);
    const id = await until(10, 'the registration to be known', () => page.browser.registrations.get(url));
    return Object.assign(new Worker(), { page, scope: url, id, origin: new URL(url).origin });
  }

  /** By any page, should its own be closed: DevTools finds the worker by its registration. */
  push(data, page = this.page) {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return page.send('ServiceWorker.deliverPushMessage', { origin: this.origin, registrationId: this.id, data: text });
  }

  /** What the browser says it shows. */
  shown() {
    return this.page.evaluate(async (scope) => {
      const registration = await navigator.serviceWorker.getRegistration(scope);
      const shown = await registration.getNotifications();
      return shown.map(({ title, body, tag, data }) => JSON.parse(JSON.stringify({ title, body, tag, data })));
    }, this.scope);
  }

  shows(test) {
    return until(20, 'the notification', async () => (await this.shown()).find(test));
  }
}

let seq = 0;

/** A declarative message as the daemon encodes it (BROWSERS.md in short: notification, data, and our envelope). */
export function message(notification, more = {}) {
  seq += 1;
  const id = more.id ?? `ntf_${String(seq).padStart(22, '0')}`;
  const fanfare = { id, channel: 'demo', epoch: 'e', seq: more.seq ?? seq };
  const data = { ...notification.data, fanfare, ...(more.data && { data: more.data }) };
  return { web_push: 8030, mutable: true, notification: { tag: id, mutable: true, ...notification, data } };
}
