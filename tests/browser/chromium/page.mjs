// One page, driven as people do it: by keys and by the mouse, and read as they read it.

import { writeFileSync } from 'node:fs';

import { until, within } from '../limits.mjs';

const KEYS = {
  Tab: { code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Escape: { code: 'Escape', windowsVirtualKeyCode: 27 },
  ' ': { code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
  Home: { code: 'Home', windowsVirtualKeyCode: 36 },
  ArrowLeft: { code: 'ArrowLeft', windowsVirtualKeyCode: 37 },
  ArrowRight: { code: 'ArrowRight', windowsVirtualKeyCode: 39 },
  ArrowDown: { code: 'ArrowDown', windowsVirtualKeyCode: 40 },
};
const SHIFT = 8;
const CONTROL = 2;
const MOST_TABS = 80; // more stops than the page has

export class Page {
  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId });
  }

  send(method, params) {
    return this.browser.cdp.send(method, params, this.sessionId);
  }

  /** Opens the URL and waits until it is loaded. */
  async open(url) {
    const loaded = within(20, `${url} to load`, this.event('Page.loadEventFired'));
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** What comes with the next event of that name. */
  event(wanted) {
    return new Promise((resolve) => {
      const hear = (method, params, sessionId) => {
        if (method !== wanted || sessionId !== this.sessionId) return;
        this.browser.off('event', hear);
        resolve(params);
      };
      this.browser.on('event', hear);
    });
  }

  /** What `act` returns in the page, called with JSON values. */
  async evaluate(act, ...values) {
    const call = `(${act})(${values.map((value) => JSON.stringify(value)).join(', ')})`;
    return this.run(call);
  }

  async run(expression) {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) {
      throw new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
    }
    return answer.result.value;
  }

  /** What is to be read there; null where there is nothing, or it is not shown. */
  text(selector) {
    return this.evaluate((wanted) => {
      const element = document.querySelector(wanted);
      return element?.checkVisibility() ? element.innerText.trim() : null;
    }, selector);
  }

  /** Waits until that is to be read there. */
  async reads(selector, expected) {
    const matches = (text) => (expected instanceof RegExp ? expected.test(text ?? '') : text === expected);
    return until(20, `${selector} to read ${expected}, not “${await this.text(selector)}”`,
      async () => matches(await this.text(selector)));
  }

  /** Presses and releases a key. */
  async press(key, modifiers = 0) {
    const { text, ...known } = KEYS[key] ?? { text: key };
    const event = { key, modifiers, ...known };
    await this.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', text, ...event });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async type(text) {
    for (const character of text) await this.press(character);
  }

  /** Replaces what is in the field that has the focus. */
  async retype(text) {
    const key = { key: 'a', code: 'KeyA', windowsVirtualKeyCode: 65, modifiers: CONTROL };
    await this.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key, commands: ['selectAll'] });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    await this.type(text);
  }

  /** Walks by Tab to what the selector names, as who has no mouse does. */
  async tabTo(selector, { back = false } = {}) {
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      const there = await this.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector);
      if (there) return;
      await this.press('Tab', back ? SHIFT : 0);
    }
    throw new Error(`Tab does not lead to ${selector}`);
  }

  /** Clicks in the middle of it. */
  async click(selector) {
    const { x, y } = await this.evaluate((wanted) => {
      const element = document.querySelector(wanted);
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width, height } = element.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }, selector);
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
  }

  resize({ width, height }) {
    const mobile = width < 600;
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
  }

  /** `{ 'prefers-color-scheme': 'dark' }` and the like. */
  emulate(features) {
    const list = Object.entries(features).map(([name, value]) => ({ name, value }));
    return this.send('Emulation.setEmulatedMedia', { features: list });
  }

  /** The whole page, also what is below the window. */
  async screenshot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    await this.browser.cdp.send('Target.closeTarget', { targetId: this.targetId });
  }
}
