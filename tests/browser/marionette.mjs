// A headless Firefox with a fresh profile, driven through Marionette: JSON over TCP, each frame behind its length.

import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { until, within } from './limits.mjs';
import { Process } from './processes.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'; // WebDriver's name of an element reference
const COMMAND_SECONDS = 30;

const PREFERENCES = {
  'dom.push.testing.allowInsecureServerURL': true,
  'dom.push.retryBaseInterval': 100,
  'permissions.default.desktop-notification': 1,
  'alerts.useSystemBackend': false, // showNotification rejects without D-Bus
  'remote.prefs.recommended': false, // Marionette's own recommendation turns push off
  'marionette.port': 0, // any; it is written to the profile
  // Nothing leaves the machine.
  'network.dns.disabled': true,
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'app.normandy.enabled': false,
  'extensions.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  // No first-run pages, no work on the side.
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.pagethumbnails.capturing_disabled': true,
  'browser.sessionstore.resume_from_crash': false,
};

export class Firefox {
  #socket;
  #buffer = Buffer.alloc(0);
  #pending = new Map();
  #id = 0;

  /** Starts `binary` with a new profile in `directory`, which knows this push service and no other. */
  static async start(binary, directory, pushServiceUrl, further = {}) {
    const firefox = new Firefox();
    const profile = join(directory, 'profile');
    mkdirSync(profile);
    const preferences = { ...PREFERENCES, 'dom.push.serverURL': pushServiceUrl, ...further };
    writeFileSync(join(profile, 'user.js'), Object.entries(preferences)
      .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
    Object.assign(firefox, { binary, directory, profile });
    await firefox.launch();
    return firefox;
  }

  /** Starts it, or starts it again after `quit`, with the profile as it was left. */
  async launch() {
    const portFile = join(this.profile, 'MarionetteActivePort');
    rmSync(portFile, { force: true }); // it told the last one's port
    const args = [
      '--headless', '--marionette', '--remote-allow-system-access', '--no-remote', '--profile', this.profile,
      'about:blank',
    ];
    const environment = { PATH: process.env.PATH, HOME: this.directory, MOZ_CRASHREPORTER_DISABLE: '1' };
    this.process = new Process(this.binary, args, environment);
    const port = until(60, 'Firefox to open its Marionette port', () => Number(readFileSync(portFile, 'utf8')));
    await this.#connect(await this.process.whileAlive(port));
  }

  /** Closes it as its user does: what it has not yet written to the profile, it writes now. */
  async quit() {
    await this.command('Marionette:Quit', { flags: ['eAttemptQuit'] });
    await within(30, 'Firefox to quit', this.process.exited);
    await this.stop();
  }

  async #connect(port) {
    this.#buffer = Buffer.alloc(0);
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (data) => this.#receive(data));
    this.#socket.on('error', (error) => this.#pending.forEach(({ reject }) => reject(error)));
    await within(10, 'a connection to Marionette', once(this.#socket, 'connect'));
    await this.command('WebDriver:NewSession', { capabilities: { alwaysMatch: { acceptInsecureCerts: false } } });
  }

  #receive(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const colon = this.#buffer.indexOf(':');
      const end = colon + 1 + Number(this.#buffer.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.#buffer.length < end) return;
      const message = JSON.parse(this.#buffer.subarray(colon + 1, end));
      this.#buffer = this.#buffer.subarray(end);
      if (!Array.isArray(message)) continue; // the greeting
      const [, id, error, result] = message;
      const { resolve, reject } = this.#pending.get(id);
      this.#pending.delete(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result);
    }
  }

  async command(name, parameters = {}) {
    const id = ++this.#id;
    const answered = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    const text = JSON.stringify([0, id, name, parameters]);
    this.#socket.write(`${Buffer.byteLength(text)}:${text}`);
    return within(COMMAND_SECONDS, `Firefox to answer ${name}`, answered);
  }

  async open(url) {
    await this.command('WebDriver:Navigate', { url });
  }

  async reload() {
    await this.command('WebDriver:Refresh');
  }

  /** Opens a further tab and goes there; returns the way back and forth. */
  async openTab(url) {
    const here = await this.command('WebDriver:GetWindowHandle');
    const tab = await this.command('WebDriver:NewWindow', { type: 'tab', focus: false });
    const goTo = (handle) => this.command('WebDriver:SwitchToWindow', { handle });
    await goTo(tab.handle);
    await this.open(url);
    return { first: () => goTo(here.value), second: () => goTo(tab.handle) };
  }

  /** Closes all tabs but one, which shows nothing then. */
  async closeTabs() {
    const [first, ...others] = await this.command('WebDriver:GetWindowHandles');
    for (const handle of others) {
      await this.command('WebDriver:SwitchToWindow', { handle });
      await this.command('WebDriver:CloseWindow');
    }
    await this.command('WebDriver:SwitchToWindow', { handle: first });
    await this.open('about:blank');
  }

  /** Presses an element as a person does: it must be there and visible, and the press is a user gesture. */
  async press(selector) {
    const { value } = await this.command('WebDriver:FindElement', { using: 'css selector', value: selector });
    await this.command('WebDriver:ElementClick', { id: value[ELEMENT] });
  }

  /** Runs the body of an async function in the page, which finds its arguments in `args`; returns what it returns. */
  async evaluate(body, ...args) {
    const script = `
      const args = Array.from(arguments);
      const done = args.pop();
      (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value } = await this.command('WebDriver:ExecuteAsyncScript', { script, args });
    if (value.error) throw new Error(`in the page: ${value.error}`);
    return value.value;
  }

  /** The same with the browser's own rights and windows, beyond any page's reach. */
  async evaluateInChrome(body, ...args) {
    await this.command('Marionette:SetContext', { value: 'chrome' });
    try {
      return await this.evaluate(body, ...args);
    } finally {
      await this.command('Marionette:SetContext', { value: 'content' });
    }
  }

  /** Presses an element in that window of the browser's own for which `test`, an expression over `args`, is true. */
  async pressInChrome(test, args, selector) {
    const { value: here } = await this.command('WebDriver:GetWindowHandle');
    await this.command('Marionette:SetContext', { value: 'chrome' });
    try {
      for (const handle of await this.command('WebDriver:GetWindowHandles')) {
        await this.command('WebDriver:SwitchToWindow', { handle, focus: false });
        if (await this.evaluate(`return ${test};`, ...args)) return await this.press(selector);
      }
      throw new Error(`no window of the browser's own is the one with ${selector}`);
    } finally {
      await this.command('Marionette:SetContext', { value: 'content' });
      await this.command('WebDriver:SwitchToWindow', { handle: here, focus: false });
    }
  }

  /** What a reader sees there. */
  async text(selector) {
    return this.evaluate('return document.querySelector(args[0])?.innerText ?? null;', selector);
  }

  async stop() {
    this.#socket?.destroy();
    await this.process.stop();
  }
}
