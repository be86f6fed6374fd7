/** One browser with one origin: its pages, its workers, and what they share. */

import { Clock } from './clock.mjs';
import { CustomEvent, Event, ExtendableEvent, eventTarget } from './events.mjs';
import { PushService } from './push.mjs';
import { Registrations } from './registration.mjs';
import { realm, served } from './scripts.mjs';
import { Server } from './server.mjs';
import { Database, Locks, broadcastChannels } from './storage.mjs';

/** What a script of ours may find besides the language. */
const COMMON = { URL, btoa, structuredClone, queueMicrotask };

export class Browser {
  origin = 'https://app.example';
  clock = new Clock();
  server = new Server();
  pushService = new PushService();
  database = new Database();
  locks = new Locks();
  BroadcastChannel = broadcastChannels();
  /** What listeners threw. */
  reported = [];
  EventTarget = eventTarget(this.reported);
  permission = 'default';
  /** What its user answers when asked. */
  answer = 'granted';
  /** Paths that the app's origin serves as workers. */
  scripts = new Set(['/fanfare-sw.js']);
  registrations = new Registrations(this);
  pages = [];
  isSafari = false;

  /** `missing`: globals that this browser has not. */
  openPage({ path = '/', missing = [], isSecure = true, standalone } = {}) {
    const page = new Page(this, path);
    const globals = { ...this.#shared(path), isSecureContext: isSecure };
    globals.navigator = { locks: this.locks, serviceWorker: page.container, standalone };
    globals.PushManager = class {};
    globals.Notification = this.#notification();
    for (const name of missing) {
      delete globals[name];
      delete globals.navigator[name];
    }
    page.globals = globals;
    page.realm = realm(globals);
    page.before = page.realm.names();
    page.realm.run(served['fanfare.js'], 'fanfare.js');
    this.pages.push(page);
    return page;
  }

  /** A running worker of that scope; the test says by `run` what its script is. */
  async startWorker({ scope = `${this.origin}/`, missing = [] } = {}) {
    await this.registrations.register('/fanfare-sw.js', { scope });
    const registration = await this.registrations.getRegistration(scope);
    while (!registration.active) await new Promise(setImmediate);
    return new Worker(this, registration, this.#shared('/fanfare-sw.js'), missing);
  }

  #shared(path) {
    const { clock, database, server, BroadcastChannel, EventTarget } = this;
    const now = class extends Date { static now = () => clock.now; };
    return {
      ...COMMON, BroadcastChannel, CustomEvent, EventTarget, Date: now, fetch: server.fetch,
      location: new URL(path, this.origin), indexedDB: { open: database.open }, AbortSignal: { timeout: clock.timeout },
      setTimeout: clock.setTimeout,
    };
  }

  #notification() {
    const browser = this;
    return class Notification {
      static get permission() {
        return browser.permission;
      }

      static async requestPermission() {
        browser.asked = (browser.asked ?? 0) + 1;
        if (browser.permission === 'default') browser.permission = browser.answer;
        return browser.permission;
      }
    };
  }
}

/** A window. */
class Page {
  received = [];
  focused = 0;
  isControlled = true;

  constructor(browser, path) {
    Object.assign(this, { browser, url: new URL(path, browser.origin).href });
    const { register, getRegistration } = browser.registrations;
    this.container = Object.assign(new browser.EventTarget(), { register, getRegistration });
  }

  init(options = {}) {
    return this.globals.Fanfare.init({ server: this.browser.server.origin, ...options });
  }

  /** As workers see it: a `WindowClient`. */
  get client() {
    const page = this;
    return {
      url: page.url,
      postMessage(data) {
        const copy = structuredClone(data);
        page.received.push(copy);
        page.container.dispatchEvent(new Event('message', { data: copy }));
      },
      async focus() {
        if (page.isClosed) throw new TypeError('the window is gone');
        page.focused += 1;
        return this;
      },
      async navigate(url) {
        if (!page.isControlled) throw new TypeError('not controlled by this worker');
        page.url = new URL(url, page.browser.origin).href;
        return this;
      },
    };
  }
}

/** A `ServiceWorkerGlobalScope`. */
class Worker {
  opened = [];
  badge = undefined;
  #listeners;

  constructor(browser, registration, shared, missing) {
    Object.assign(this, { browser, registration });
    this.#listeners = new browser.EventTarget();
    this.clients = {
      matchAll: async ({ type, includeUncontrolled = false } = {}) => browser.pages
        .filter((page) => type === 'window' && (includeUncontrolled || page.isControlled))
        .map((page) => page.client),
      openWindow: async (url) => {
        this.opened.push(new URL(url, browser.origin).href);
        return null;
      },
    };
    const globals = {
      ...shared, registration, clients: this.clients,
      addEventListener: this.#listeners.addEventListener.bind(this.#listeners),
      navigator: {
        locks: browser.locks,
        setAppBadge: async (count) => {
          if (!Number.isInteger(count)) throw new TypeError('no unsigned long long');
          this.badge = count;
        },
      },
      importScripts: (url) => this.run(served[url.replace('https://push.example/sdk/', '')]),
    };
    for (const name of missing) delete globals[name];
    globals.self = globals;
    this.globals = globals;
    this.realm = realm(globals);
  }

  run(text = served['fanfare-sw.js']) {
    return this.realm.run(text, 'worker.js');
  }

  get notifications() {
    return this.registration.notifications;
  }

  /** Fires an event and tells how it ended. */
  async fire(type, more = {}) {
    const event = new ExtendableEvent(type, more);
    this.#listeners.dispatchEvent(event);
    return event.finished();
  }

  /** A push with this payload: text, bytes, what becomes JSON, or nothing at all. */
  push(payload, more = {}) {
    if (payload === undefined) return this.fire('push', { data: null, ...more });
    const isRaw = typeof payload === 'string' || payload instanceof Uint8Array;
    const bytes = Buffer.from(isRaw ? payload : JSON.stringify(payload));
    return this.fire('push', { data: { text: () => new TextDecoder().decode(bytes) }, ...more });
  }

  click(shown = this.notifications.latest, action = '') {
    return this.fire('notificationclick', { action, notification: this.notifications.handle(shown) });
  }
}
