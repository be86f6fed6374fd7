// The worker, on the demo and in an app on another origin: what it shows, whom it tells, and where a click leads.
// The push is handed over decrypted (DevTools); all after it is real: notifications go to a desktop's notification
// server over D-Bus, and the click comes back from there.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { message, Worker } from './workers.mjs';

export const workerSteps = (t) => ({
  async 'a push to the demo is shown by the browser and on the desktop, and listed in every open page'() {
    t.demo = await t.browser.open(`${t.daemon.origin}/demo`);
    await t.demo.reads('#status', 'Not subscribed');
    t.second = await t.browser.open(`${t.daemon.origin}/demo`);
    await t.second.reads('#status', 'Not subscribed');
    t.worker = await Worker.register(t.demo, '/sdk/fanfare-sw.js', '/demo');
    const wanted = { title: 'Blechbläser gesucht', body: 'Zwölf Hörner ✓' };
    await t.worker.push(message(wanted, { data: { article: 4711 }, seq: 12 }));
    assert.equal((await t.desktop.shows('Zwölf Hörner ✓')).title, 'Blechbläser gesucht');
    const shown = await t.worker.shows(({ body }) => body === 'Zwölf Hörner ✓');
    assert.equal(shown.title, 'Blechbläser gesucht');
    for (const page of [t.demo, t.second]) {
      await page.reads('#arrivals li:first-child h3', 'Blechbläser gesucht');
      await page.reads('#arrivals li:first-child .arrival-body', 'Zwölf Hörner ✓');
      await page.reads('#arrivals li:first-child .arrival-from', 'demo, number 12');
      assert.deepEqual(JSON.parse(await page.text('#arrivals li:first-child .arrival-data')), { article: 4711 });
    }
  },

  async 'a repeat is shown again in its place, and listed once'() {
    const twice = message({ title: 'Score', body: '1:0' });
    await t.worker.push(twice);
    await t.worker.push(twice);
    await t.worker.push(message({ title: 'The end', body: 'after the repeat' }));
    await t.desktop.shows('after the repeat');
    await t.demo.reads('#arrivals li:first-child h3', 'The end');
    assert.equal((await titles(t.demo)).filter((title) => title === 'Score').length, 1);
    assert.equal((await t.worker.shown()).filter(({ title }) => title === 'Score').length, 1);
  },

  async 'what is no notification is shown all the same, as far as it can be read'() {
    for (const [sent, body] of [['plain words', 'plain words'], ['{"a":1}', 'New message'], ['', 'New message']]) {
      const before = (await titles(t.demo)).length;
      await t.worker.push(sent);
      await t.desktop.shows(body);
      await t.worker.shows((one) => one.body === body);
      await until(10, 'the arrival', async () => (await titles(t.demo)).length === before + 1);
      await t.demo.reads('#arrivals li:first-child .arrival-body', body);
    }
  },

  async 'a page and a worker of an app on another origin get theirs, and the demo does not'() {
    t.page = await t.browser.open(`${t.app.origin}/`);
    t.appWorker = await Worker.register(t.page, '/fanfare-sw.js', '/');
    t.other = await t.browser.open(`${t.app.origin}/other`);
    const before = await titles(t.demo);
    await t.appWorker.push(message({ title: 'For the app', body: 'to both of its pages' }, { data: { n: 1 } }));
    await t.desktop.shows('to both of its pages');
    await t.appWorker.shows(({ title }) => title === 'For the app');
    for (const page of [t.page, t.other]) {
      const got = await until(10, 'the message', () => page.run('messages.length && messages'));
      assert.deepEqual(got.map(({ data, notification }) => [data, notification.title]), [[{ n: 1 }, 'For the app']]);
    }
    assert.deepEqual(await titles(t.demo), before);
  },

  async 'a click focuses the page that it leads to, and the notification goes away'() {
    const url = `${t.app.origin}/other`;
    await t.page.send('Page.bringToFront');
    const focused = t.other.run(`
      new Promise((resolve) => addEventListener('focus', () => resolve(true), { once: true }))`);
    await t.appWorker.push(message({ title: 'There', body: 'open already', navigate: url }));
    const pages = (await t.browser.pages()).length;
    t.desktop.press(await t.desktop.shows('open already'));
    assert.equal(await focused, true);
    const isThere = ({ title }) => title === 'There';
    await until(10, 'the notification to go', async () => !(await t.appWorker.shown()).some(isThere));
    assert.equal((await t.browser.pages()).length, pages);
  },

  async 'a click on a button leads where the button does'() {
    const url = `${t.app.origin}/kettle`;
    await t.appWorker.push(message({
      title: 'Tea', body: 'with a button', navigate: `${t.app.origin}/tea`,
      actions: [{ action: 'kettle', title: 'The kettle', navigate: url }],
    }));
    t.desktop.press(await t.desktop.shows('with a button'), 'The kettle');
    await until(10, 'the page of the button', async () => (await t.browser.pages()).some((page) => page.url === url));
  },

  async 'a click opens a page where none of that origin is open'() {
    for (const { targetId, url } of await t.browser.pages()) {
      if (url.startsWith(t.app.origin)) await t.browser.cdp.send('Target.closeTarget', { targetId });
    }
    const isOpen = ({ url }) => url.startsWith(t.app.origin);
    await until(10, 'the pages to close', async () => !(await t.browser.pages()).some(isOpen));
    const url = `${t.app.origin}/anew`;
    await t.appWorker.push(message({ title: 'Anew', body: 'nobody home', navigate: url }), t.demo);
    t.desktop.press(await t.desktop.shows('nobody home'));
    await until(10, 'the page', async () => (await t.browser.pages()).some((page) => page.url === url));
  },
});

const titles = (page) => page.run(`
  Array.from(document.querySelectorAll('#arrivals h3'), (one) => one.textContent)`);
