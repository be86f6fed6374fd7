// Lists by cursor: a page on which nothing is, of many, is not the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { page } from './document.mjs';

await import('../../src/web/dashboard/router.js');
const { actors } = await import('../../src/web/dashboard/pages/actors.js');
const { notifications } = await import('../../src/web/dashboard/pages/notifications.js');
const { subscriptions } = await import('../../src/web/dashboard/pages/subscriptions.js');

/** A page, and what it asks: `tell(answer)` is the daemon's word to the last question. */
function mount(one, query = {}) {
  const main = page.createElement('main');
  page.body.replaceChildren(main);
  const scene = { main, asked: [], remembered: null };
  one.mount(main, {
    query, overview: {}, remember: (choices) => (scene.remembered = choices),
    watch(path, onSnapshot) {
      scene.asked.push(Object.fromEntries(new URLSearchParams(path.split('?')[1])));
      scene.tell = onSnapshot;
      return () => {};
    },
  });
  scene.said = () => main.querySelector('.nothing').textContent;
  scene.older = () => main.querySelector('[data-page=next]').click();
  return scene;
}

for (const one of [notifications, subscriptions]) {
  test(`${one.name}: nothing among the newest says so, leads on, and is asked for less often`, () => {
    const scene = mount(one, { state: 'gone' });
    assert.deepEqual(scene.asked, [{ state: 'gone', limit: '50' }]);
    scene.tell({ items: [], next: 'c1' });
    assert.match(scene.said(), /^None among the newest 20,000\./);
    scene.tell({ items: [], next: 'c1' });
    assert.deepEqual(scene.asked.slice(1), [{ state: 'gone', limit: '50', every: '5' }]);
    scene.older();
    scene.tell({ items: [], next: 'c2' });
    assert.match(scene.said(), /^None among these 20,000\./);
    assert.deepEqual(scene.asked.slice(2), [{ state: 'gone', limit: '50', cursor: 'c1' }, { state: 'gone', limit: '50', cursor: 'c1', every: '5' }]);
    assert.deepEqual(Object.keys(scene.remembered).filter((name) => ['limit', 'cursor', 'every'].includes(name)), []);
    scene.older();
    scene.tell({ items: [], next: null });
    assert.match(scene.said(), /^No (notification|subscription) here\./);
  });
}

test('actors: supervisors that did not answer in time are named', () => {
  const scene = mount(actors);
  const told = () => scene.main.querySelectorAll('.problem').filter(({ hidden }) => !hidden).map(({ textContent }) => textContent);
  scene.tell({ items: [], total: 9, matched: 0, offset: 0, silent: ['subscriptions.1', 'channels'] });
  assert.deepEqual(told(), ['Not all actors are here: subscriptions.1, channels did not answer in time.']);
  scene.tell({ items: [], total: 9, matched: 0, offset: 0, silent: [] });
  assert.deepEqual(told(), []);
});
