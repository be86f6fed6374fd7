// Fanfare's SDK: puts this browser into channels, and hands what arrives to the page. How to call it: fanfare.d.ts.
(() => {
  'use strict';

  const WAIT_MS = 1e4; // longer than a slow network needs
  const DAY_MS = 864e5;
  const REFUSALS = {
    AbortError: 'push-service-unreachable', InvalidStateError: 'foreign-push-key', NotAllowedError: 'denied',
  };
  const CURED_BY_A_NEW_ONE = ['foreign-push-key', 'endpoint-in-use', 'secret-lost'];

  const MESSAGES = {
    'unsupported': 'This browser has no Web Push in this window.',
    'insecure-context': 'Web Push needs https, or localhost.',
    'ios-needs-install': 'On iPhone and iPad, first add this page to the Home Screen.',
    'denied': 'Notifications from this site are blocked.',
    'dismissed': 'Permission was not given.',
    'push-service-unreachable': 'This browser cannot reach its push service.',
    'storage-unavailable': 'This browser stores nothing for this site.',
    'not-subscribed': 'This browser is not subscribed.',
    'secret-lost': 'Its secret is lost.',
  };

  class FanfareError extends Error {
    name = 'FanfareError';

    constructor(code, { status, cause, message = MESSAGES[code] ?? cause?.message } = {}) {
      super(message, { cause });
      Object.assign(this, { code, status });
    }
  }

  function support() {
    if (!isSecureContext) return 'insecure-context';
    if (!navigator.serviceWorker || !globalThis.PushManager || !globalThis.Notification) {
      // Only iOS has `standalone`, and PushManager in installed pages alone.
      return navigator.standalone === false ? 'ios-needs-install' : 'unsupported';
    }
    return Notification.permission === 'denied' ? 'denied' : 'supported';
  }

  const settled = (target, done, failed) => new Promise((resolve, reject) => {
    target[done] = resolve;
    target[failed] = () => reject(target.error);
  });

  /** The store has a record per worker scope: all that the worker needs to renew it alone. */
  async function storage(mode, act) {
    try {
      const opening = indexedDB.open('fanfare', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('state');
      await settled(opening, 'onsuccess', 'onerror');
      const transaction = opening.result.transaction('state', mode);
      const request = act(transaction.objectStore('state'));
      opening.result.close(); // after the transaction
      await settled(transaction, 'oncomplete', 'onabort');
      return request.result;
    } catch (cause) {
      throw new FanfareError('storage-unavailable', { cause });
    }
  }

  /** A push client that cannot reach its service may never settle. */
  const withinLimit = (promise) => Promise.race([promise, new Promise((_, reject) => {
    setTimeout(reject, WAIT_MS, new FanfareError('push-service-unreachable'));
  })]);

  const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

  function init({ server = '/', app = 'default', worker = '/fanfare-sw.js', workerType, scope = './' } = {}) {
    server = new URL(server, location).href.replace(/\/+$/, ''); // perhaps a path behind a proxy
    worker = new URL(worker, location);
    scope = new URL(scope, worker).href;

    const events = new EventTarget(); // a listener that throws stops no other
    const emit = (event, detail) => events.dispatchEvent(new CustomEvent(event, { detail }));

    const tabs = new BroadcastChannel('fanfare');
    tabs.onmessage = ({ data }) => data?.scope === scope && emit('change');
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (data?.fanfare && data.scope === scope) emit('message', data.fanfare);
    });

    /** Null: another server's. */
    async function load() {
      const record = await storage('readonly', (state) => state.get(scope));
      return record && (record.server === server && record.app === app ? record : null);
    }

    async function save(record) {
      await storage('readwrite', (state) => (record ? state.put(record, scope) : state.delete(scope)));
      tabs.postMessage({ scope });
      emit('change');
    }

    /** One at a time, in all tabs and the worker. */
    const alone = (work) => navigator.locks.request(`fanfare ${scope}`, work);

    async function call(method, path, credential, body) {
      const headers = { 'Fanfare-App': app, 'Content-Type': 'application/json' };
      if (credential) headers.Authorization = `Bearer ${credential}`;
      let status, answer;
      try {
        const signal = AbortSignal.timeout(WAIT_MS);
        body = body && JSON.stringify(body);
        const response = await fetch(`${server}/v1/${path}`, { method, headers, body, signal });
        status = response.status;
        answer = response.headers.get('Content-Type')?.includes('json') ? await response.json() : {};
      } catch (cause) {
        const message = `Cannot reach ${server}, or it does not list ${location.origin}.`;
        throw new FanfareError('server-unreachable', { message, cause });
      }
      if (status < 300) return answer;
      const code = answer.type?.split(/[/#]/).pop() ?? `http-${status}`; // RFC 9457: a URI
      throw new FanfareError(code, { message: answer.detail ?? `The server answered ${status}.`, status });
    }

    const own = (record, method, rest = '', body) =>
      call(method, `subscriptions/${record.id}${rest}`, record.secret, body);

    const inChannel = (channel, rest = '') => `channels/${encodeURIComponent(channel)}/subscriptions${rest}`;

    /** Forgotten over there: the page may subscribe again. */
    async function dropUnknown(error) {
      if (![401, 404].includes(error.status)) throw error;
      await save();
    }

    async function activeRegistration() {
      try {
        const registered = await navigator.serviceWorker.register(worker, { scope, type: workerType });
        const coming = registered.installing ?? registered.waiting;
        while (!registered.active) {
          if (coming.state === 'redundant') throw new Error('it failed to install');
          await new Promise((resolve) => coming.addEventListener('statechange', resolve, { once: true }));
        }
        return registered;
      } catch (cause) {
        throw new FanfareError('worker-failed', { message: `${worker} failed: ${cause.message}`, cause });
      }
    }

    async function current() {
      const found = await navigator.serviceWorker?.getRegistration(scope);
      return found?.scope === scope ? withinLimit(found.pushManager.getSubscription()) : undefined;
    }

    async function browserSubscription(anew) {
      const { pushManager } = await activeRegistration();
      const existing = await current();
      if (existing && !anew) return existing;
      const { key } = await call('GET', 'push-key');
      await existing?.unsubscribe();
      try {
        return await withinLimit(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
      } catch (cause) {
        const code = REFUSALS[cause.name];
        throw code ? new FanfareError(code, { cause }) : cause;
      }
    }

    /** Subscribes the browser if need be, tells the server, and keeps what it answers. */
    async function enrol(join, anew) {
      for (;; anew = true) {
        try {
          let record = await load();
          const subscription = await browserSubscription(anew);
          const { endpoint, options } = subscription;
          const push_key = base64url(options.applicationServerKey);
          const body = { ...subscription.toJSON(), push_key };
          const keep = ({ id, channels, secret }) => {
            secret ??= record?.id === id && record.secret; // given once
            if (!secret) throw new FanfareError('secret-lost');
            return save(record = { server, app, push_key, id, secret, endpoint, channels, checked: Date.now() });
          };
          // Id and channels stay.
          if (record && record.endpoint !== endpoint) await own(record, 'PUT', '', body).then(keep, dropUnknown);
          if (join) await keep(await join(body));
          return;
        } catch (error) {
          if (anew || !CURED_BY_A_NEW_ONE.includes(error.code)) throw error;
        }
      }
    }

    async function subscribe(channel, { token, tokenProvider } = {}) {
      if (support() !== 'supported') throw new FanfareError(support());
      // First: Safari and Firefox ask only while the gesture lasts.
      const permission = await Notification.requestPermission();
      if (permission !== 'granted') throw new FanfareError(permission === 'denied' ? permission : 'dismissed');
      token ??= await tokenProvider?.(channel);
      const join = (body) => call('POST', inChannel(channel), token, body);
      await alone(() => enrol(join));
      return state();
    }

    async function unsubscribe(channel) {
      await alone(async () => {
        const record = await load();
        if (record && channel !== undefined) {
          await call('DELETE', inChannel(channel, `/${record.id}`), record.secret);
          await save({ ...record, channels: record.channels.filter((name) => name !== channel) });
        } else if (channel === undefined && record !== null) {
          // Offline, the browser's half is enough: its push service will tell the server.
          if (record) await own(record, 'DELETE').catch(() => {});
          await (await current())?.unsubscribe();
          await save();
        }
      });
      return state();
    }

    async function test() {
      const record = await load();
      if (!record) throw new FanfareError('not-subscribed');
      await own(record, 'POST', '/test', {});
    }

    async function state() {
      const record = await load();
      const subscription = record && await current();
      const { id = null, channels = [] } = subscription ? record : {};
      return {
        support: support(),
        permission: globalThis.Notification?.permission ?? 'default',
        subscribed: Boolean(subscription),
        id,
        channels,
        pushService: subscription ? new URL(subscription.endpoint).host : null,
      };
    }

    /** Heals what changed while no page was open; if nothing did, asks the server once a day. */
    async function reconcile() {
      if (globalThis.Notification?.permission !== 'granted') return;
      await alone(async () => {
        const record = await load();
        if (!record) return;
        await activeRegistration();
        if ((await current())?.endpoint !== record.endpoint) return enrol();
        if (Math.abs(Date.now() - record.checked) < DAY_MS) return;
        const seen = await own(record, 'GET').catch(dropUnknown);
        if (!seen) return;
        const { state, channels, push_key, current_push_key } = seen;
        // Its push service forgot it, and the browser did not.
        if (state === 'gone' || push_key !== current_push_key) await enrol(null, true);
        else await save({ ...record, channels, checked: Date.now() });
      });
    }

    function on(event, listener) {
      const heard = ({ detail }) => listener(detail);
      events.addEventListener(event, heard);
      return () => events.removeEventListener(event, heard);
    }

    reconcile().catch(() => {}); // the next load tries again
    return { support, subscribe, unsubscribe, test, state, on };
  }

  globalThis.Fanfare = { init, support, FanfareError };
})();
