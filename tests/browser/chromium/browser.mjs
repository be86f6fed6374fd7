// A headless Chromium with a fresh profile, from which nothing leaves the machine.

import { EventEmitter } from 'node:events';
import { join } from 'node:path';

import { until } from '../limits.mjs';
import { Process } from '../processes.mjs';
import { Cdp } from './cdp.mjs';
import { complaintOf, WATCHED } from './complaints.mjs';
import { Page } from './page.mjs';

const FLAGS = [
  '--headless=new', '--no-sandbox', '--remote-debugging-port=0', '--lang=en-US', '--disable-gpu', '--hide-scrollbars',
  '--no-first-run', '--no-default-browser-check',
  // Nothing leaves the machine, also where the network namespace is not our own.
  '--proxy-server=127.0.0.1:9', '--proxy-bypass-list=127.0.0.1;insecure.test', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-domain-reliability', '--no-pings',
  // A name that is loopback, and that no browser takes for secure.
  '--host-resolver-rules=MAP insecure.test 127.0.0.1',
];

export class Chromium extends EventEmitter {
  /** What pages and workers complained about, and whom they asked: `{ kind, text, url }`. */
  complaints = [];
  requests = [];
  /** The last body that a page sent. */
  lastBody = null;
  /** Service workers that run: URL of the script → its registration, as DevTools knows them. */
  registrations = new Map();
  #targets = new Map(); // target id → { session, url }

  static async start(binary, directory, busAddress, flags = []) {
    const chromium = new Chromium();
    chromium.setMaxListeners(50);
    const args = [...FLAGS, ...flags, `--user-data-dir=${join(directory, 'chromium')}`, 'about:blank'];
    const place = { LANG: 'en_US.UTF-8', TZ: 'UTC' };
    const env = { PATH: process.env.PATH, HOME: directory, ...place, DBUS_SESSION_BUS_ADDRESS: busAddress };
    chromium.process = new Process(binary, args, env);
    const address = until(60, 'Chromium to listen', () => chromium.process.lines.join('\n').match(/ws:\/\/\S+/)?.[0]);
    chromium.cdp = await Cdp.connect(await chromium.process.whileAlive(address));
    chromium.cdp.on('event', (...event) => chromium.#hear(...event));
    const filter = [{ type: 'page' }, { type: 'service_worker' }];
    const watching = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter };
    await chromium.cdp.send('Target.setAutoAttach', watching);
    return chromium;
  }

  #hear(method, params, sessionId) {
    if (method === 'Target.attachedToTarget') this.#watch(params).catch(() => {}); // it went away meanwhile
    if (method === 'Target.detachedFromTarget') this.#targets.delete(params.targetId);
    if (method === 'ServiceWorker.workerRegistrationUpdated') {
      for (const one of params.registrations) this.registrations.set(one.scopeURL, one.registrationId);
    }
    if (method === 'Network.requestWillBeSent') {
      this.requests.push(params.request.url);
      this.lastBody = params.request.postData ?? this.lastBody;
    }
    const complaint = complaintOf(method, params);
    if (complaint) this.complaints.push(complaint);
    this.emit('event', method, params, sessionId);
  }

  /** Everything that starts is watched from its first line on. */
  async #watch({ sessionId, targetInfo: { targetId, type, url } }) {
    const send = (method, params) => this.cdp.send(method, params, sessionId);
    const watching = ['Runtime.enable', 'Log.enable', 'Network.enable'].map((method) => send(method));
    if (type === 'page') {
      watching.push(send('Page.enable'), send('Page.addScriptToEvaluateOnNewDocument', { source: WATCHED }));
      watching.push(send('ServiceWorker.enable'));
    }
    watching.push(send('Runtime.runIfWaitingForDebugger'));
    await Promise.all(watching);
    this.#targets.set(targetId, { sessionId, type, url });
    this.emit('attached');
  }

  /** An open page, once it is watched. */
  async pageOf(targetId) {
    const found = await until(10, 'a page to be attached', () => this.#targets.get(targetId));
    return new Page(this, targetId, found.sessionId);
  }

  async open(url, size) {
    const { targetId } = await this.cdp.send('Target.createTarget', { url: 'about:blank' });
    const page = await this.pageOf(targetId);
    if (size) await page.resize(size);
    await page.open(url);
    return page;
  }

  /** Of every page: `{ targetId, url }`. */
  async pages() {
    const { targetInfos } = await this.cdp.send('Target.getTargets');
    return targetInfos.filter(({ type }) => type === 'page');
  }

  /** `granted`, `denied` or `prompt`. */
  setNotifications(origin, setting) {
    return this.cdp.send('Browser.setPermission', { origin, permission: { name: 'notifications' }, setting });
  }

  async stop() {
    this.cdp?.close();
    await this.process?.stop();
  }
}
