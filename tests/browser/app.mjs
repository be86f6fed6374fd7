// An integrator's web app: static files on an origin of its own, a backend that hands out subscriber tokens, and what a
// person does on its page.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { until } from './limits.mjs';

/** What is served besides the page, which is at every other path. */
const FILES = {
  '/app.js': 'app.js', '/module.js': 'module.js', '/fanfare-sw.js': 'fanfare-sw.js', '/module': 'module.html',
};

/** The policy that the README gives to integrators, for whoever has one. */
const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const [, POLICY] = README.match(/^Content-Security-Policy: (.+)$/m);

/** Of what a page heard. */
export const titles = (messages) => messages.map(({ notification }) => notification.title);

export class App {
  /** Starts one. `host` is the name by which the browser calls it: `localhost` is another site than the daemon's. */
  static async start(house, { host = '127.0.0.1' } = {}) {
    const app = new App();
    app.house = house;
    app.firefox = house.firefox;
    app.server = createServer((request, response) => {
      app.#answer(request, response).catch((error) => response.writeHead(500).end(error.message));
    });
    app.server.listen(0, '127.0.0.1');
    await once(app.server, 'listening');
    app.origin = `http://${host}:${app.server.address().port}`;
    return app;
  }

  async #answer({ url }, response) {
    const { pathname } = new URL(url, this.origin);
    const daemon = this.house.daemon.origin;
    response.setHeader('Content-Security-Policy', POLICY.replaceAll('https://push.example.com', daemon));
    if (pathname === '/push-token') {
      return response.end(this.grants.length ? await this.house.token(...this.grants) : '');
    }
    const file = FILES[pathname] ?? 'index.html';
    response.setHeader('Content-Type', file.endsWith('.js') ? 'text/javascript' : 'text/html');
    const text = readFileSync(join(import.meta.dirname, 'app', file), 'utf8');
    return response.end(text.replaceAll('{server}', daemon));
  }

  async open(path = '/') {
    await this.firefox.open(this.origin + path);
  }

  /** Presses the button; its backend's token covers the channel, or what `grants` names. Returns the page's state. */
  async subscribe(channel, { grants = [channel] } = {}) {
    this.grants = grants;
    await this.firefox.evaluate('window.wanted = args[0];', channel);
    await this.firefox.press('#subscribe');
    const { state, error } = await this.firefox.evaluate(`
      return window.outcome.then((state) => ({ state }), ({ name, code, status, message }) =>
        ({ error: { name, code, status, message } }));`);
    if (error) throw Object.assign(new Error(`${error.code}: ${error.message}`), error);
    return state;
  }

  async unsubscribe(...channel) {
    return this.firefox.evaluate('return window.push.unsubscribe(...args);', ...channel);
  }

  async state() {
    return this.firefox.evaluate('return window.push.state();');
  }

  /** What the page heard from the worker, oldest first. */
  async messages() {
    return this.firefox.evaluate('return window.heard.messages;');
  }

  /** Waits until the page has heard so many, and returns them. */
  async hears(count) {
    return until(20, `${count} messages in the page`, async () => {
      const messages = await this.messages();
      if (messages.length < count) throw new Error(`${messages.length}`);
      return messages;
    });
  }

  /** Waits for the message of this title in the page. */
  async hearsOf(title) {
    return until(20, `“${title}” in the page`, async () =>
      (await this.messages()).find(({ notification }) => notification.title === title));
  }

  /** What Firefox says that it shows for this app. */
  async notifications() {
    return this.firefox.evaluate(`
      const registration = await navigator.serviceWorker.getRegistration('/');
      const shown = await registration.getNotifications();
      return shown.map(({ title, body, tag, data }) => JSON.parse(JSON.stringify({ title, body, tag, data })));`);
  }

  /** Changes the record that the SDK and the worker share, as time or another version of them might have. */
  async changeRecord(change) {
    await this.firefox.evaluate(`
      const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const db = await done(indexedDB.open('fanfare', 1));
      const store = db.transaction('state', 'readwrite').objectStore('state');
      const scope = location.origin + '/';
      await done(store.put({ ...await done(store.get(scope)), ...args[0] }, scope));
      db.close();`, change);
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
