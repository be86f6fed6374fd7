// When something goes away while it is looked at: the daemon, a row that has the focus, a dialog's page, and more subscriptions
// than are believed.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { fateOf, Publisher, subscribe } from './fan-out.mjs';

const PATH = '/v1/observe';
const LEAVING = 130; // browsers that are gone: more than a hundred, and more than a fifth of all
const FIRST = 2000; // the number of their first endpoint
const BROKEN = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)/;

export const breakSteps = (t) => ({
  async 'the daemon starts anew while its log is looked at: the page says so, goes on by itself, and no line is there twice'() {
    await t.publisher.stop();
    const complaints = t.browser.complaints.length;
    await t.dashboard.go('log');
    await until(20, 'lines', async () => (await t.dashboard.ids('.line')).length > 0);
    const before = await linesOf(t);
    await t.daemon.stop();
    await t.page.reads('#live', 'No answer');
    await t.page.reads('#main .problem:not([hidden])', 'The server does not answer. Is it still running?');
    await t.daemon.startAgain();
    await t.page.reads('#live', 'Live');
    await t.dashboard.absent('#main .problem:not([hidden])');
    await t.daemon.call('PUT', `${PATH}/log/level`, { filter: 'info,fanfare=debug' }); // it has something to write
    const after = await until(20, 'a line that was written since', async () => {
      const { lines } = await t.daemon.call('GET', `${PATH}/log?limit=300`);
      const shown = await linesOf(t);
      return lines.every(({ n, at }) => shown.includes(`${n} ${at}`)) && shown;
    });
    const gap = after.indexOf('gap');
    assert.deepEqual(after.slice(0, before.length), before, 'what was there has changed');
    assert.ok(gap >= before.length && after.indexOf('gap', gap + 1) < 0, `the gap is at ${gap} of ${after.length}`);
    assert.equal(new Set(after).size, after.length, 'a line is there twice');
    await t.daemon.call('PUT', `${PATH}/log/level`, { filter: (await t.daemon.call('GET', `${PATH}/log/level`)).configured });
    const broken = t.browser.complaints.splice(complaints).filter(({ text }) => !BROKEN.test(text));
    t.browser.complaints.push(...broken);
  },

  async 'the focus stays in a list when its row goes, and moves to the next one'() {
    const due = new Date(Date.now() + 3_600_000).toISOString();
    const ids = [];
    for (const title of ['First', 'Second', 'Third']) ids.unshift((await t.daemon.publish('room:8', title, { send_at: due })).id);
    await t.dashboard.go('notifications?state=scheduled');
    await until(20, 'all three', async () => ids.every((id) => t.dashboard.ids().then((all) => all.includes(id))));
    const order = (await t.dashboard.ids()).filter((id) => ids.includes(id));
    await t.page.evaluate((id) => document.querySelector(`[data-id="${id}"] a`).focus(), order[1]);
    await t.daemon.call('DELETE', `/v1/notifications/${order[1]}`);
    await t.dashboard.absent(`[data-id="${order[1]}"]`);
    assert.equal(await t.page.run(`document.activeElement.closest('tr')?.dataset.id`), order[2]);
    for (const id of [order[0], order[2]]) await t.daemon.call('DELETE', `/v1/notifications/${id}`);
  },

  async 'a dialog stays while its act is under way, whatever is pressed, and goes with its page'() {
    const [row, button] = ['[data-id="room:7"]', '[data-id="room:7"] button'];
    await t.dashboard.go('channels?q=room:7');
    await t.page.evaluate(holdPosts);
    await t.page.click(button);
    await t.dashboard.present('#confirm');
    await t.page.click('#confirm');
    await until(20, 'the act to be under way', () => t.page.run('held.length === 1'));
    for (const key of ['Escape', 'Escape', 'Escape']) await t.page.press(key);
    await t.page.click('.dialog-buttons button');
    assert.ok(await t.page.run(`document.querySelector('dialog')?.open`), 'it was closed');
    await t.page.run('letGo()');
    await until(20, 'the dialog to close', () => t.page.run(`!document.querySelector('dialog')`));
    await t.page.reads(`${row} [data-field=paused]`, 'paused');
    await t.page.click(button);
    await t.dashboard.present('#confirm');
    await t.dashboard.go('system');
    assert.equal(await t.page.run(`document.querySelector('dialog')`), null);
    assert.equal(await t.page.run('document.activeElement.id'), 'page-title');
    await t.dashboard.go('channels?q=room:7');
    await t.dashboard.confirm(button);
    await t.page.reads(`${row} [data-field=paused]`, 'active');
  },

  async 'subscriptions that the brake holds back are shown, and brought back'() {
    const numbers = Array.from({ length: LEAVING * 25 }, (_, at) => FIRST + at).filter((number) => fateOf(number) === 'gone');
    for (const number of numbers) await subscribe(t, number, ['leaving']);
    await t.dashboard.go('push-services');
    await t.daemon.publish('leaving', 'To those that are gone');
    await t.dashboard.present('.quarantine');
    const held = await until(20, 'all of them to be gone or held back', async () => {
      const { items: [one] } = await t.daemon.call('GET', '/v1/quarantines');
      return one.subscriptions > 100 && one;
    });
    await until(20, 'its figure', async () => (await t.page.text('.quarantine h3')).startsWith(`${held.subscriptions} subscriptions of `));
    await t.dashboard.confirm('.quarantine button');
    await t.dashboard.absent('.quarantine');
    await t.page.reads('.brake summary', 'Earlier: 1');
    const { items: [{ state, subscriptions }] } = await t.daemon.call('GET', '/v1/quarantines');
    assert.deepEqual([state, subscriptions], ['undone', 0]);
  },

  async 'and the fan-out goes on'() {
    t.publisher = Publisher.start(t.daemon, 'news');
  },
});

/** What the page posts waits until it is let go. Runs in the page. */
function holdPosts() {
  const send = globalThis.fetch;
  globalThis.held = [];
  globalThis.fetch = async (...asked) => {
    if (asked[1]?.method === 'POST') await new Promise((resolve) => held.push(resolve));
    return send(...asked);
  };
  globalThis.letGo = () => {
    globalThis.fetch = send;
    held.forEach((resolve) => resolve());
  };
}

/** Each as its number and its time; or `gap`. */
const linesOf = (t) => t.page.run(`[...document.querySelectorAll('.line')]
  .map((line) => (line.matches('.line-gap') ? 'gap' : line.dataset.id + ' ' + line.querySelector('time').dateTime))`);
