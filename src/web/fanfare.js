/**
 * Fanfare's SDK: puts this browser into channels, and hands what arrives to the page; sets `globalThis.Fanfare`.
 * How to call it is in fanfare.d.ts. IndexedDB keeps a record per worker scope, all that the worker needs to renew
 * the subscription with no page open.
 */
(() => {
  'use strict';

  const WAIT_MS = 10_000; // longer than a slow network needs, shorter than a person waits
  const DAY_MS = 86_400_000;

  /** What a new browser subscription cures. */
  const CURED_BY_A_NEW_ONE = ['foreign-push-key', 'endpoint-in-use', 'secret-lost'];

  class FanfareError extends Error {
    name = 'FanfareError';

    constructor(code, message, more) {
      super(message, more);
      this.code = code;
      this.status = more?.status;
    }
  }

  const UNSUPPORTED = {
    'unsupported': 'This browser has no Web Push, or not in this window.',
    'insecure-context': 'Web Push needs https, or the address localhost or 127.0.0.1.',
    'ios-needs-install': 'On iPhone and iPad, first add this page to the Home Screen.',
    'denied': 'Notifications from this site are blocked.',
  };

  function support() {
    if (!isSecureContext) return 'insecure-context';
    if (!navigator.serviceWorker || !globalThis.PushManager || !globalThis.Notification) {
      // Only iOS has `standalone`, and it has PushManager in installed pages alone.
      return navigator.standalone === false ? 'ios-needs-install' : 'unsupported';
    }
    return Notification.permission === 'denied' ? 'denied' : 'supported';
  }

  /** One transaction on the one store. */
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

  /** A push client that has not started, or cannot reach its service, may never settle. */
  const withinLimit = (promise) =>
    Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(unreachable()), WAIT_MS))]);

  const unreachable = (cause) => new FanfareError(
    'push-service-unreachable', 'This browser cannot reach its push service.', { cause });

  function base64url(buffer) {
    return btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  function init({ server = location.origin, app = 'default', worker = '/fanfare-sw.js', scope = './' } = {}) {
    server = new URL(server, location.href).origin;
    worker = new URL(worker, location.href);
    scope = new URL(scope, worker).href;

    const listeners = { message: new Set(), change: new Set() };
    const emit = (event, detail) => listeners[event].forEach((listener) => listener(detail));

    const tabs = new BroadcastChannel('fanfare'); // the other tabs and the worker
    tabs.onmessage = ({ data }) => data.scope === scope && emit('change');
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (data?.fanfare && data.scope === scope) emit('message', data.fanfare);
    });

    const load = async () => {
      const record = await storage('readonly', (state) => state.get(scope));
      return record?.server === server && record.app === app ? record : undefined;
    };

    async function save(record) {
      await storage('readwrite', (state) => (record ? state.put(record, scope) : state.delete(scope)));
      tabs.postMessage({ scope });
      emit('change');
    }

    /** One at a time over all tabs and the worker, so that two tabs make one subscription. */
    const alone = (work) => navigator.locks.request(`fanfare ${scope}`, work);

    async function call(method, path, credential, body) {
      const headers = { 'Fanfare-App': app };
      if (credential) headers.Authorization = `Bearer ${credential}`;
      if (body) headers['Content-Type'] = 'application/json';
      let status, answer;
      try {
        const signal = AbortSignal.timeout(WAIT_MS);
        const response = await fetch(server + path, { method, headers, signal, body: body && JSON.stringify(body) });
        status = response.status;
        // Anything else is a 204, or a proxy's page.
        answer = response.headers.get('Content-Type')?.includes('json') ? await response.json() : {};
      } catch (cause) {
        throw new FanfareError('server-unreachable', `The server ${server} cannot be reached.`, { cause });
      }
      if (status < 300) return answer;
      const code = answer.type?.match(/[^/#]+$/)?.[0] ?? `http-${status}`; // RFC 9457: a URI; its end is our slug
      throw new FanfareError(code, answer.detail ?? answer.title ?? `The server answered ${status}.`, { status });
    }

    const own = (record, method, rest = '', body) =>
      call(method, `/v1/subscriptions/${record.id}${rest}`, record.secret, body);

    async function registration() {
      const found = await navigator.serviceWorker?.getRegistration(scope);
      return found?.scope === scope ? found : undefined;
    }

    async function activeRegistration() {
      try {
        const registered = await navigator.serviceWorker.register(worker, { scope });
        const coming = registered.installing ?? registered.waiting;
        while (!registered.active) {
          if (coming.state === 'redundant') throw new Error('it failed to install');
          await new Promise((resolve) => coming.addEventListener('statechange', resolve, { once: true }));
        }
        return registered;
      } catch (cause) {
        throw new FanfareError('worker-failed', `${worker} failed: ${cause.message}`, { cause });
      }
    }

    const browsersOwn = (registered) => withinLimit(registered.pushManager.getSubscription());

    async function browserSubscription(registered, anew) {
      const existing = await browsersOwn(registered);
      if (existing && !anew) return existing;
      await existing?.unsubscribe();
      const { key } = await call('GET', '/v1/push-key');
      try {
        const options = { userVisibleOnly: true, applicationServerKey: key };
        return await withinLimit(registered.pushManager.subscribe(options));
      } catch (error) {
        throw error.name === 'AbortError' ? unreachable(error) : error;
      }
    }

    /** Subscribes the browser where it is not, tells the server through `send`, and keeps the answer. */
    async function enrol(registered, send, anew = false) {
      for (;; anew = true) {
        try {
          const subscription = await browserSubscription(registered, anew);
          const key = subscription.options?.applicationServerKey;
          const push_key = key ? base64url(key) : undefined;
          const { id, channels, ...answer } = await send({ ...subscription.toJSON(), push_key });
          const known = await load();
          const secret = answer.secret ?? (known?.id === id && known.secret); // given once
          if (!secret) throw new FanfareError('secret-lost', 'The subscription’s secret is lost.');
          const { endpoint } = subscription;
          return await save({ server, app, push_key, id, secret, endpoint, channels, checked: Date.now() });
        } catch (error) {
          const curable = error.name === 'InvalidStateError' || CURED_BY_A_NEW_ONE.includes(error.code);
          if (anew || !curable) throw error;
        }
      }
    }

    async function subscribe(channel, { token, tokenProvider } = {}) {
      if (support() !== 'supported') throw new FanfareError(support(), UNSUPPORTED[support()]);
      // First, while the gesture lasts: Safari and Firefox ask only then.
      const permission = await Notification.requestPermission();
      if (permission === 'denied') throw new FanfareError('denied', UNSUPPORTED.denied);
      if (permission !== 'granted') throw new FanfareError('dismissed', 'Permission was not given.');
      token ??= await tokenProvider?.(channel);
      const path = `/v1/channels/${encodeURIComponent(channel)}/subscriptions`;
      await alone(async () => enrol(await activeRegistration(), (body) => call('POST', path, token, body)));
      return state();
    }

    async function unsubscribe(channel) {
      await alone(async () => {
        const record = await load();
        if (channel !== undefined && record) {
          const path = `/v1/channels/${encodeURIComponent(channel)}/subscriptions/${record.id}`;
          await call('DELETE', path, record.secret);
          await save({ ...record, channels: record.channels.filter((name) => name !== channel) });
        } else if (channel === undefined) {
          // The browser's half is enough: should the server not hear of it, the push service will tell it.
          if (record) await own(record, 'DELETE').catch(() => {});
          const registered = await registration();
          await (registered && await browsersOwn(registered))?.unsubscribe();
          await save();
        }
      });
      return state();
    }

    async function test() {
      const record = await load();
      if (!record) throw new FanfareError('not-subscribed', 'This browser is not subscribed.');
      await own(record, 'POST', '/test', {});
    }

    async function state() {
      const record = await load();
      const registered = record && await registration();
      const subscription = registered && await browsersOwn(registered);
      return {
        support: support(),
        permission: globalThis.Notification?.permission ?? 'default',
        subscribed: Boolean(subscription),
        id: subscription ? record.id : null,
        channels: subscription ? record.channels : [],
        pushService: subscription ? new URL(subscription.endpoint).host : null,
      };
    }

    /** Heals what changed while no page was open; asks the server at most once a day when nothing did. */
    async function reconcile() {
      if (support() !== 'supported' || Notification.permission !== 'granted' || !(await load())) return;
      await alone(async () => {
        const record = await load(); // again: another tab may have been first
        if (!record) return;
        const registered = await activeRegistration();
        const moved = (await browsersOwn(registered))?.endpoint !== record.endpoint;
        if (!moved && Date.now() - record.checked < DAY_MS) return;
        try {
          const { state, channels, push_key, current_push_key } = moved ? {} : await own(record, 'GET');
          // Its push service forgot the endpoint, which the browser still has; or the app's key is another now.
          const anew = state === 'gone' || push_key !== current_push_key;
          if (moved || anew) await enrol(registered, (body) => own(record, 'PUT', '', body), anew);
          else await save({ ...record, channels, checked: Date.now() });
        } catch (error) {
          if (error.status === 404) await save(); // forgotten over there: the page may subscribe again
        }
      });
    }

    function on(event, listener) {
      listeners[event].add(listener);
      return () => listeners[event].delete(listener);
    }

    reconcile().catch(() => {}); // the next load tries again
    return { support, subscribe, unsubscribe, test, state, on };
  }

  globalThis.Fanfare = { init, support, FanfareError };
})();
