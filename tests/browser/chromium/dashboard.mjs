// The dashboard in a page: how a test gets about in it, and reads its figures.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';

export class Dashboard {
  constructor(page, daemon) {
    Object.assign(this, { page, daemon });
  }

  /** Which page is shown, once it is drawn. */
  shown() {
    return this.page.run(`(({ page, ready, old }) => (ready === 'true' && !old ? page : null))(document.querySelector('#main').dataset)`);
  }

  async shows(name) {
    await until(20, `the page ${name}, not ${await this.page.run('location.hash')}`, async () => await this.shown() === name);
  }

  /** What is drawn from now on is another page: `shows` waits for that one. */
  outdate() {
    return this.page.run(`document.querySelector('#main').dataset.old = 'yes'`);
  }

  /** Leads to a page as its address does, and waits until it has what it shows. */
  async go(hash, name = hash.split(/[/?]/)[0]) {
    await this.outdate();
    await this.page.evaluate((wanted) => {
      if (location.hash === wanted) dispatchEvent(new HashChangeEvent('hashchange'));
      else location.hash = wanted;
    }, `#/${hash}`);
    await this.shows(name);
  }

  /** The texts of the fields in the rows `[data-id]` below `scope`: `{ id: { field: text } }`; those of no row under ''. */
  rows(scope = '#main') {
    return this.page.evaluate((wanted) => {
      const rows = {};
      for (const place of document.querySelectorAll(`${wanted} [data-field]`)) {
        if (!place.checkVisibility()) continue;
        const id = place.closest('[data-id]')?.dataset.id ?? '';
        (rows[id] ??= {})[place.dataset.field] = place.textContent.trim();
      }
      return rows;
    }, scope);
  }

  /** In the order in which they are shown. */
  ids(selector = 'tbody tr') {
    return this.page.evaluate((wanted) => [...document.querySelectorAll(`#main ${wanted}`)].map((row) => row.dataset.id), selector);
  }

  /** Presses what asks first, and says yes. */
  async confirm(selector) {
    await this.present(selector);
    await this.page.click(selector);
    await this.present('dialog[open] #confirm');
    await this.page.click('#confirm');
    await until(20, `the dialog of ${selector} to close`, () => this.page.run(`!document.querySelector('dialog')`));
  }

  present(selector) {
    return until(20, `${selector} to be shown`, () =>
      this.page.evaluate((wanted) => document.querySelector(wanted)?.checkVisibility() ?? false, selector));
  }

  absent(selector) {
    return until(20, `${selector} to go`, () =>
      this.page.evaluate((wanted) => !document.querySelector(wanted)?.checkVisibility(), selector));
  }

  /**
   * That counters which grow agree: the API's before ≤ those shown ≤ the API's after. A page shows them up to a second later,
   * so it is read once it has caught up. `read` and `ask` answer `{ name: number }`.
   */
  async counts(what, read, ask) {
    const before = await ask();
    const names = Object.keys(before);
    assert.ok(names.length > 0, `the API has nothing for ${what}`);
    const shown = await until(20, `${what} to reach ${JSON.stringify(before)}`, async () => {
      const now = await read();
      return names.every((name) => now[name] >= before[name]) && now;
    });
    const after = await ask();
    for (const name of names) {
      assert.ok(shown[name] <= after[name], `${what}: ${name} is shown as ${shown[name]}, and the API has ${after[name]}`);
    }
  }
}

/** `12,345` and `12,345 in all` are 12345. */
export const numberIn = (text) => Number(text?.match(/[\d,]+/)?.[0].replaceAll(',', '') ?? NaN);

/** The page's streams that are open, by the browser's own account, from now on. */
export function watchStreams(page) {
  const open = new Set();
  const hear = (method, { requestId, request }, sessionId) => {
    if (sessionId !== page.sessionId) return;
    if (method === 'Network.requestWillBeSent' && request.headers.Accept === 'text/event-stream') open.add(requestId);
    if (method === 'Network.loadingFinished' || method === 'Network.loadingFailed') open.delete(requestId);
  };
  page.browser.on('event', hear);
  return open;
}
