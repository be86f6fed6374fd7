// What all tests share: a push service, the daemon, a Firefox; and what a backend does through the API.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App } from './app.mjs';
import { Daemon } from './daemon.mjs';
import { until, within } from './limits.mjs';
import { Firefox } from './marionette.mjs';
import { stopAll } from './processes.mjs';
import { PushService } from './push-service.mjs';
import { Screen } from './screen.mjs';
import { forgetSites, setPushConnection } from './settings.mjs';
import { Traffic } from './traffic.mjs';

const PREFERENCES = {
  'network.cookie.cookieBehavior': 1, // no cookies across sites; 2 takes service workers and storage as well
  'network.dns.disabled': false, // for localhost; a dead proxy is all that other names lead to
};
const DELIVERED = 100; // an acknowledgement's code

export class House {
  #apps = [];
  #settings;
  #heard = { refused: [], accepted: [], registered: [], acknowledged: [], nack: [] };

  static async open(binary) {
    const house = new House();
    try {
      await house.#furnish(binary);
      return house;
    } catch (error) {
      error.message += house.report().map((line) => `\n${line}`).join('');
      await house.close();
      throw error;
    }
  }

  async #furnish(binary) {
    this.directory = mkdtempSync(join(tmpdir(), 'fanfare-browser-'));
    this.service = await PushService.start(this.directory);
    this.service.on('refused', (answer) => this.#heard.refused.push(answer));
    this.service.on('accepted', (request) => this.#heard.accepted.push(request));
    this.service.on('register', (message) => this.#heard.registered.push(message));
    this.service.on('ack', ({ updates }) => this.#heard.acknowledged.push(...updates));
    this.service.on('nack', (message) => this.#heard.nack.push(message));
    this.daemon = await Daemon.start(binary, this.directory, this.service);
    const { title, home, origins, public_channels, exclusive } = await this.call('GET', '/v1/apps/default');
    this.#settings = { title, home, origins, public_channels, exclusive };
    const greeting = once(this.service, 'hello');
    const browser = process.env.FIREFOX ?? 'firefox-esr';
    this.firefox = await Firefox.start(browser, this.directory, this.service.socketUrl, PREFERENCES);
    await this.#watch();
    await within(60, 'Firefox to say hello to its push service', greeting);
  }

  async #watch() {
    this.screen = new Screen(this.firefox);
    this.traffic = await Traffic.watch(this.firefox);
  }

  /** What the push service heard since the test began: `accepted`, `refused`, `registered`, `acknowledged`, `nack`. */
  get heard() {
    return this.#heard;
  }

  /** Makes all as it was at first: no page, no subscription, nothing on screen, the app as a first start makes it. */
  async tidy() {
    await this.firefox.closeTabs();
    await forgetSites(this.firefox);
    await this.screen.closeNotifications();
    for (const { name, subscribers, head } of (await this.call('GET', '/v1/channels')).items) {
      if (!subscribers && !head) continue; // it is as new, and retention may take it at any moment
      await this.call('DELETE', `/v1/channels/${encodeURIComponent(name)}`);
    }
    for (const app of this.#apps.splice(0)) await app.stop();
    await this.call('PATCH', '/v1/apps/default', this.#settings);
    for (const list of Object.values(this.#heard)) list.length = 0;
  }

  /**
   * What holds after every test: the push service refused nothing, and Firefox could read and handle all it got. A test
   * that expects something else takes it out of what was heard.
   */
  judge() {
    assert.deepEqual(this.#heard.refused, [], 'refused');
    assert.deepEqual(this.#heard.acknowledged.filter(({ code }) => code !== DELIVERED), [], 'not delivered');
    assert.deepEqual(this.#heard.nack, [], 'the worker threw');
  }

  /** What helps to understand a failure. */
  report() {
    const refused = JSON.stringify(this.#heard.refused);
    const lines = this.daemon?.process.lines ?? [];
    return [`the push service refused: ${refused}`, ...lines.map((line) => `daemon: ${line}`)];
  }

  /** An integrator's web app on an origin of its own, which the daemon knows; `settings` as in app.mjs. */
  async app(settings = {}) {
    const app = await App.start(this, settings);
    this.#apps.push(app);
    if (settings.listed !== false) await this.allowOrigins(...this.#apps.map(({ origin }) => origin));
    return app;
  }

  /** The same, open, and subscribed to a public channel. */
  async appIn(channel) {
    const app = await this.app();
    await app.open();
    await app.subscribe(channel);
    return app;
  }

  async allowOrigins(...origins) {
    await this.call('PATCH', '/v1/apps/default', { origins });
  }

  /** Closes Firefox as its user does, does what is to happen meanwhile, and starts it again. */
  async whileFirefoxIsClosed(act) {
    const gone = once(this.service, 'gone');
    await this.firefox.quit();
    await within(20, 'Firefox’s connection to end', gone);
    const greeting = once(this.service, 'hello');
    try {
      await act();
    } finally {
      await this.firefox.launch();
    }
    await this.#watch();
    await within(60, 'Firefox to say hello to its push service', greeting);
  }

  /** The same without its connection to the push service, while its pages stay open. */
  async whileOffline(act) {
    const gone = once(this.service, 'gone');
    await setPushConnection(this.firefox, false);
    await within(20, 'Firefox’s connection to end', gone);
    const greeting = once(this.service, 'hello');
    try {
      await act();
    } finally {
      await setPushConnection(this.firefox, true);
    }
    await within(20, 'Firefox to say hello to its push service', greeting);
  }

  // A backend's side.

  call(...request) {
    return this.daemon.call(...request);
  }

  publish(channel, body) {
    return this.call('POST', `/v1/channels/${encodeURIComponent(channel)}/notifications`, body);
  }

  /** As `curl -d` sends it. */
  publishText(channel, text) {
    const path = `/v1/channels/${encodeURIComponent(channel)}/notifications`;
    return this.call('POST', path, text, 'application/x-www-form-urlencoded');
  }

  async token(...channels) {
    return (await this.call('POST', '/v1/tokens', { channels, expires_in: 600 })).token;
  }

  async subscriptions(channel) {
    return (await this.call('GET', `/v1/channels/${encodeURIComponent(channel)}/subscriptions`)).items;
  }

  /** Waits for the end of a notification; its outcomes that are not 0. */
  async outcomes({ id }) {
    const status = await until(20, 'the notification to be done', async () => {
      const answer = await this.call('GET', `/v1/notifications/${id}`);
      return answer.state === 'done' && answer;
    });
    return Object.fromEntries(Object.entries(status.outcomes).filter(([, count]) => count > 0));
  }

  /** Publishes, and waits until the push service of the one recipient has it. */
  async deliver(channel, body) {
    const sent = await this.publish(channel, body);
    assert.deepEqual(await this.outcomes(sent), { accepted: 1 });
    return sent;
  }

  /** Whatever ends the run, what it started ends with it. */
  async close() {
    await this.firefox?.stop();
    await stopAll();
    for (const app of this.#apps) await app.stop();
    await this.service?.stop();
    if (this.directory) rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
