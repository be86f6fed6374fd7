// The way in: a key that is refused, with the reason, and the right one, by keyboard alone.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { Dashboard, watchStreams } from './dashboard.mjs';
import { dress, judge, SIZES } from './dashboard-layout-steps.mjs';
import { SCHEMES } from './measures.mjs';

const DESKTOP = { width: 1440, height: 900 };

export const loginSteps = (t) => ({
  async 'without a key the dashboard asks for one, and has the focus there'() {
    t.page = await t.browser.open(`${t.daemon.origin}/dashboard`, DESKTOP);
    t.dashboard = new Dashboard(t.page, t.daemon);
    t.streams = watchStreams(t.page);
    await t.dashboard.shows('login');
    assert.equal(await t.page.run('document.activeElement.id'), 'key');
    await t.page.press('Enter');
    await t.page.reads('#login-problem', 'A key is needed here.');
  },

  async 'a key that is not known is refused with the reason'() {
    await t.page.type(`fk_${'nobodys'.repeat(6)}`);
    await t.page.press('Enter');
    await t.page.reads('#login-problem', 'This server does not know that key, or knows it no more.');
    assert.equal(await t.page.run('document.activeElement.id'), 'key');
    assert.equal(await t.dashboard.shown(), 'login');
  },

  async 'a key without the scope read is refused with the reason'() {
    const { key } = await t.daemon.call('POST', '/v1/apps/default/keys', { scopes: ['notify'] });
    await t.page.retype(key);
    await t.page.press('Enter');
    await t.page.reads('#login-problem', 'That key is a good one, but may not look: it needs the scope read.');
  },

  async 'large and small, light and dark, the way in fits, can be read, and axe finds nothing wrong with it'() {
    for (const size of SIZES) {
      for (const scheme of SCHEMES) {
        await dress(t, size, scheme);
        assert.deepEqual(await judge(t, 'login', size, scheme), [], `${size.width} wide and ${scheme}`);
      }
    }
    await t.page.emulate({});
    await t.page.resize(DESKTOP);
  },

  async 'the right key leads to the tree, and is nowhere but in the page’s memory'() {
    await t.page.retype(t.daemon.key);
    await t.page.press('Enter');
    await t.dashboard.shows('tree');
    assert.equal(await t.page.run('location.hash'), '#/tree');
    const places = await t.page.run(`(async () => [
      document.documentElement.outerHTML, document.cookie, location.href, JSON.stringify({ ...localStorage }),
      JSON.stringify({ ...sessionStorage }), JSON.stringify(history.state), JSON.stringify(await indexedDB.databases()),
    ])()`);
    for (const place of [...places, ...t.browser.requests]) assert.ok(!place.includes(t.daemon.key), place.slice(0, 200));
  },

  async 'the navigation leads to every page, by keyboard'() {
    t.pages = await t.page.run(`[...document.querySelectorAll('#nav a')].map((link) => link.dataset.to)`);
    assert.deepEqual(t.pages, ['tree', 'actors', 'system', 'charts', 'push-services', 'channels', 'subscriptions',
      'notifications', 'warnings', 'log', 'audit']);
    for (const name of [...t.pages.slice(1), t.pages[0]]) {
      await t.dashboard.outdate();
      await t.page.tabTo(`#nav [data-to="${name}"]`);
      await t.page.press('Enter');
      await t.dashboard.shows(name);
      assert.equal(await t.page.run('document.activeElement.id'), 'page-title', name);
      assert.equal(await t.page.run(`document.querySelector('#nav [aria-current=page]').dataset.to`), name);
      await t.page.run(`document.querySelector('#skip').focus()`);
    }
  },

  async 'g and a letter lead to every page too, each with a letter of its own'() {
    const letters = { a: 'actors', y: 'system', c: 'charts', p: 'push-services', h: 'channels', s: 'subscriptions',
      n: 'notifications', w: 'warnings', l: 'log', u: 'audit', t: 'tree' };
    for (const [letter, name] of Object.entries(letters)) {
      await t.dashboard.outdate();
      await t.page.press('g');
      await t.page.press(letter);
      await t.dashboard.shows(name);
    }
    await t.page.press('?');
    await t.dashboard.present('dialog[open]');
    const told = await t.page.run(`[...document.querySelectorAll('dialog dt')].map((one) => one.textContent)
      .filter((keys) => keys.startsWith('g ')).map((keys) => keys.at(-1)).sort().join('')`);
    assert.equal(told, Object.keys(letters).sort().join(''));
    await t.page.press('Escape');
    await until(10, 'the list of keys to close', () => t.page.run(`!document.querySelector('dialog')`));
  },
});
