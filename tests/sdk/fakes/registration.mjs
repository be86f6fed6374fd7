/** `navigator.serviceWorker`: registrations by scope, and workers that come to life step by step. */

import { Notifications } from './notifications.mjs';
import { PushManager } from './push.mjs';

const LIFE = ['installed', 'activating', 'activated'];

export class Registrations {
  byScope = new Map();
  /** What was registered, in order. */
  calls = [];
  /** Workers whose `install` fails. */
  isBroken = false;

  constructor(browser) {
    this.browser = browser;
  }

  register = async (script, { scope, type = 'classic' }) => {
    const url = new URL(script, this.browser.origin);
    if (!['classic', 'module'].includes(type)) throw new TypeError(`${type} is no WorkerType`);
    if (url.origin !== this.browser.origin) throw new DOMException('another origin', 'SecurityError');
    if (!this.browser.scripts.has(url.pathname)) throw new TypeError('a bad HTTP response code (404)');
    this.calls.push({ url: url.href, scope, type });
    const there = this.byScope.get(scope);
    if (there?.active) return there;
    const registration = this.#make(scope);
    this.byScope.set(scope, registration);
    this.#install(registration);
    return registration;
  };

  /** The one whose scope is the longest that the URL begins with. */
  getRegistration = async (url) => {
    const scopes = [...this.byScope.keys()].filter((scope) => url.startsWith(scope));
    return this.byScope.get(scopes.sort((a, b) => b.length - a.length)[0]);
  };

  #make(scope) {
    const { browser } = this;
    const notifications = new Notifications({ browser, navigates: browser.isSafari });
    const registration = { scope, installing: null, waiting: null, active: null, notifications };
    registration.pushManager = new PushManager(browser, registration);
    registration.showNotification = notifications.show;
    registration.getNotifications = notifications.list;
    return registration;
  }

  async #install(registration) {
    const worker = Object.assign(new this.browser.EventTarget(), { state: 'installing' });
    registration.installing = worker;
    for (const state of this.isBroken ? ['redundant'] : LIFE) {
      await new Promise(setImmediate);
      worker.state = state;
      registration.installing = null;
      registration.waiting = state === 'installed' ? worker : null;
      if (state === 'activating') registration.active = worker;
      worker.dispatchEvent({ type: 'statechange' });
    }
  }
}
