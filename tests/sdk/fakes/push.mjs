/** `PushManager`, with the refusals of the Push API's algorithms. */

import { randomBytes } from 'node:crypto';

const BASE64URL = /^[A-Za-z0-9_-]*$/;

const refuse = (name, message) => { throw new DOMException(message, name); };

/** The vendor's half: what a browser knows of its push service. */
export class PushService {
  isReachable = true;
  /** A push client that has not started answers nothing at all. */
  hangs = false;
  subscribed = [];

  newEndpoint() {
    return `https://push.vendor.example/${randomBytes(8).toString('hex')}`;
  }
}

export class PushManager {
  #subscription = null;

  constructor(browser, registration) {
    Object.assign(this, { browser, registration });
  }

  get #service() {
    return this.browser.pushService;
  }

  async getSubscription() {
    if (this.#service.hangs) await new Promise(() => {});
    return this.#subscription;
  }

  async subscribe({ userVisibleOnly, applicationServerKey } = {}) {
    if (this.#service.hangs) await new Promise(() => {});
    if (!userVisibleOnly) refuse('NotAllowedError', 'silent push is not allowed');
    if (typeof applicationServerKey !== 'string') refuse('NotSupportedError', 'a key is needed');
    if (!BASE64URL.test(applicationServerKey)) refuse('InvalidCharacterError', 'the key is not base64url');
    const key = Buffer.from(applicationServerKey, 'base64url');
    if (key.length !== 65 || key[0] !== 4) refuse('InvalidAccessError', 'the key is no P-256 point');
    if (!this.registration.active) refuse('AbortError', 'no active worker');
    if (this.browser.permission !== 'granted') refuse('NotAllowedError', 'permission denied');
    if (this.#subscription) {
      const same = Buffer.from(this.#subscription.options.applicationServerKey).equals(key);
      return same ? this.#subscription : refuse('InvalidStateError', 'subscribed with another key');
    }
    if (!this.#service.isReachable) refuse('AbortError', 'the push service does not answer');
    this.#subscription = this.#make(key);
    this.#service.subscribed.push(this.#subscription.endpoint);
    return this.#subscription;
  }

  #make(key) {
    const endpoint = this.#service.newEndpoint();
    const keys = { p256dh: randomBytes(65).toString('base64url'), auth: randomBytes(16).toString('base64url') };
    const subscription = {
      endpoint,
      expirationTime: null,
      options: { userVisibleOnly: true, applicationServerKey: Uint8Array.from(key).buffer },
      toJSON: () => ({ endpoint, expirationTime: null, keys }),
      unsubscribe: async () => {
        const isOwn = this.#subscription === subscription;
        if (isOwn) this.#subscription = null;
        return isOwn;
      },
    };
    return subscription;
  }

  /** The browser lost it, or its user took the permission back. */
  forget() {
    this.#subscription = null;
  }

  /** The browser replaced it by itself, as it may. */
  replace() {
    const old = this.#subscription;
    this.#subscription = this.#make(Buffer.from(old.options.applicationServerKey));
    return { oldSubscription: old, newSubscription: this.#subscription };
  }
}
