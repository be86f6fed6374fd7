/** A browser that may notify, one page of its app, and a running worker. */

import { Browser } from './fakes/browser.mjs';

export async function startedWorker() {
  const browser = new Browser();
  browser.permission = 'granted';
  const page = browser.openPage();
  const worker = await browser.startWorker();
  worker.run();
  return { browser, page, worker };
}
