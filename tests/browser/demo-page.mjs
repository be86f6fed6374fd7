// The daemon's demo page, as a person reads and uses it.

import { until } from './limits.mjs';

export class DemoPage {
  /** Opens it in the tab in hand. */
  static async open(house) {
    const page = new DemoPage();
    Object.assign(page, { url: `${house.daemon.origin}/demo`, firefox: house.firefox });
    await page.firefox.open(page.url);
    await page.reads('#status', 'Not subscribed');
    return page;
  }

  static async subscribed(house) {
    const page = await DemoPage.open(house);
    await page.subscribe();
    return page;
  }

  async subscribe() {
    await this.firefox.press('#subscribe');
    await this.reads('#status', 'Subscribed');
  }

  /** Waits until a reader sees this text there. */
  async reads(selector, text) {
    await until(20, `${selector} to read “${text}”`, async () => {
      const read = await this.firefox.text(selector);
      if (read !== text) throw new Error(`“${read}”, the problem “${await this.firefox.text('#problem')}”`);
      return true;
    });
  }

  /** Waits until so many have arrived, and returns the list on the page, newest first. */
  async arrivals(count) {
    return until(20, `${count} arrivals on the page`, async () => {
      const list = await this.firefox.evaluate(`
        const text = (item, selector) => item.querySelector(selector)?.textContent ?? null;
        return Array.from(document.querySelectorAll('#arrivals li'), (item) => ({
          title: text(item, 'h3'), body: text(item, '.arrival-body'), data: text(item, '.arrival-data'),
          from: text(item, '.arrival-from'),
        }));`);
      if (list.length !== count) throw new Error(`${list.length}`);
      return list;
    });
  }
}
