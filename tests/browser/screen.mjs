// What a person sees of Firefox beyond one page: tabs, and notifications, which Firefox without a desktop draws as
// windows of its own; these can be clicked with the mouse.

import { until } from './limits.mjs';

const ALERTS = `[...Services.wm.getEnumerator('alert:alert')].filter((one) => !one.closed)`;
const TITLE = `document.getElementById('alertTitleLabel').value`;

export class Screen {
  constructor(firefox) {
    this.firefox = firefox;
  }

  /** Waits until the notifications have these titles, in the order in which they came. */
  async notifies(...titles) {
    const wanted = JSON.stringify(titles);
    await until(20, `the notifications on screen to be ${wanted}`, async () => {
      const shown = JSON.stringify(await this.#titles());
      return shown === wanted || Promise.reject(new Error(shown));
    });
  }

  #titles() {
    return this.firefox.evaluateInChrome(`
      return ${ALERTS}.filter((one) => one.gIsActive).map((one) => one.${TITLE});`);
  }

  /** Clicks the notification of this title, once it is there. */
  async click(title) {
    await this.#appears(title);
    await this.firefox.pressInChrome(`document.documentURI.endsWith('/alert.xhtml') && ${TITLE} === args[0]`, [title],
      '#alertTextLabel');
  }

  /** Presses one of its buttons. Only notifications of a desktop draw them; what it tells Firefox is told here. */
  async pressAction(title, action) {
    await this.#appears(title);
    await this.firefox.evaluateInChrome(`
      const alert = ${ALERTS}.find((one) => one.${TITLE} === args[0]);
      const QueryInterface = ChromeUtils.generateQI(['nsIAlertAction']);
      const button = { QueryInterface, action: args[1], title: '', iconURL: null };
      alert.gAlertListener.observe(button, 'alertclickcallback', alert.gAlertCookie);`, title, action);
  }

  async #appears(title) {
    await until(20, `the notification “${title}” on screen`, async () => (await this.#titles()).includes(title));
  }

  async closeNotifications() {
    await this.firefox.evaluateInChrome(`${ALERTS}.forEach((one) => one.close());`);
  }

  /** The URLs of the tabs; the one in front is marked by what `mark` adds to it. */
  tabs(mark = '') {
    return this.firefox.evaluateInChrome(`
      return gBrowser.tabs.map((tab) => tab.linkedBrowser.currentURI.spec + (tab.selected ? args[0] : ''));`, mark);
  }

  /** Waits until these are the tabs, in any order, the one in front marked by ` *`. */
  async shows(...expected) {
    const wanted = JSON.stringify([...expected].sort());
    let tabs;
    await until(20, `the tabs to be ${wanted}`, async () => {
      tabs = JSON.stringify((await this.tabs(' *')).sort());
      return tabs === wanted || Promise.reject(new Error(tabs));
    });
  }
}
