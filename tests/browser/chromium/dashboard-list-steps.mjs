// Getting about in what is long: the tree by arrow keys, and lists that are sorted, searched and paged by the daemon.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { numberIn } from './dashboard.mjs';

const PATH = '/v1/observe';
const focused = (t) => t.page.run('document.activeElement.dataset.id ?? null');

export const listSteps = (t) => ({
  async 'the tree is unfolded, walked and folded by arrow keys, and the focus stays while figures change'() {
    await t.dashboard.go('tree');
    await t.page.tabTo('[role=treeitem]');
    assert.equal(await focused(t), 'root');
    const rows = await t.dashboard.ids('[role=treeitem]');
    for (let down = rows.indexOf('channels'); down > 0; down -= 1) await t.page.press('ArrowDown');
    assert.equal(await focused(t), 'channels');
    await t.page.press('ArrowRight');
    const first = await until(20, 'the channels’ workers', async () =>
      (await t.dashboard.ids('[role=treeitem]')).find((id) => id.startsWith('channels.')));
    assert.equal(await t.page.run('location.hash'), '#/tree?expand=channels');
    assert.equal(await focused(t), 'channels');
    await t.page.press('ArrowRight');
    assert.match(await focused(t), /^channels\./);
    const [before, place] = [await busiest(t), await focused(t)];
    await until(20, 'figures to change', async () => await busiest(t) !== before);
    assert.equal(await focused(t), place, 'an update took the focus away');
    await t.page.press('ArrowLeft');
    assert.equal(await focused(t), 'channels');
    await t.page.press('ArrowLeft');
    assert.ok(!(await t.dashboard.ids('[role=treeitem]')).includes(first), 'it is not folded');
  },

  async 'Enter opens an actor’s page from the tree'() {
    await t.dashboard.outdate();
    await t.page.press('Enter');
    await t.dashboard.shows('actor');
    assert.equal(await t.page.run('location.hash'), '#/actors/channels');
  },

  async 'channels are sorted by the daemon, either way, and their head says how'() {
    await t.dashboard.go('channels');
    for (const [sort, order] of [['name', 'desc'], ['name', 'asc'], ['subscribers', 'desc'], ['subscribers', 'asc']]) {
      await t.page.click(`[data-sort=${sort}]`);
      const { items } = await t.daemon.call('GET', `${PATH}/channels?sort=${sort}&order=${order}`);
      await sameIds(t, `channels by ${sort} ${order}`, items.map(({ name }) => name));
      const head = await t.page.run(`document.querySelector('[aria-sort]').getAttribute('aria-sort') + ' '
        + document.querySelector('[aria-sort] button').dataset.sort`);
      assert.equal(head, `${order === 'asc' ? 'ascending' : 'descending'} ${sort}`);
    }
  },

  async 'channels are paged to their end and back'() {
    await t.dashboard.go('channels');
    const page = async (offset) =>
      (await t.daemon.call('GET', `${PATH}/channels?offset=${offset}`)).items.map(({ name }) => name);
    const { matched } = await t.daemon.call('GET', `${PATH}/channels`);
    assert.ok(matched > 100, `${matched} channels`);
    const pages = [['next', 50, `51–100 of ${matched}`], ['next', 100, `101–${matched} of ${matched}`], ['back', 50, `51–100 of ${matched}`]];
    for (const [way, offset, said] of pages) {
      await t.page.click(`[data-page=${way}]`);
      await t.page.reads('[data-field=matched]', said);
      await sameIds(t, said, await page(offset));
    }
  },

  async '/ leads to the search, which narrows the list as it is typed'() {
    await t.page.run('document.activeElement.blur()');
    await t.page.press('/');
    await t.page.type('room:11');
    const { items } = await t.daemon.call('GET', `${PATH}/channels?q=room:11`);
    assert.equal(items.length, 11);
    await sameIds(t, 'what is called room:11', items.map(({ name }) => name));
    assert.match(await t.page.run('location.hash'), /q=room%3A11/);
  },

  async 'actors are searched by name, and sorted by it'() {
    await t.dashboard.go('actors?kind=SubscriptionWorker');
    await t.page.click('[data-sort=name]');
    await until(20, 'the API’s order', async () => {
      const { items } = await t.daemon.call('GET', `${PATH}/actors?kind=SubscriptionWorker&sort=name&order=asc`);
      return items.map(({ id }) => id).join() === (await t.dashboard.ids()).join();
    });
    await t.dashboard.go('actors');
    await t.page.click('[data-search]');
    await t.page.type('news');
    await until(20, 'the one that is called so', async () => (await t.dashboard.ids()).length === 1);
    const [row] = Object.values(await t.dashboard.rows('tbody'));
    assert.deepEqual([row.name, row.kind], ['news', 'Channel worker']);
  },

  async 'subscriptions are paged by the daemon’s cursor, and one is found by its name'() {
    await t.dashboard.go('subscriptions?channel=news');
    const first = await t.daemon.call('GET', `${PATH}/subscriptions?channel=news&limit=50`);
    await sameIds(t, 'the first page', first.items.map(({ id }) => id));
    await t.page.click('[data-page=next]');
    const next = await t.daemon.call('GET', `${PATH}/subscriptions?channel=news&limit=50&cursor=${encodeURIComponent(first.next)}`);
    await sameIds(t, 'the second page', next.items.map(({ id }) => id));
    await t.page.click('[data-page=back]');
    await sameIds(t, 'the first page again', first.items.map(({ id }) => id));
    const { id } = first.items[3];
    await t.dashboard.go('subscriptions');
    await t.page.click('[data-search]');
    await t.page.type(id);
    await sameIds(t, 'the one', [id]);
  },

  async 'of the notifications only those with failures are listed, when they are asked for'() {
    await t.dashboard.go('notifications');
    const select = '[data-name=state]';
    await t.page.evaluate((place) => document.querySelector(place).focus(), select);
    await t.page.type('with');
    await until(20, 'the choice in the address', () => t.page.run(`location.hash.includes('state=failed')`));
    await until(20, 'rows', async () => (await t.dashboard.ids()).length > 0);
    for (const [id, row] of Object.entries(await t.dashboard.rows('tbody'))) {
      const { outcomes } = await t.daemon.call('GET', `/v1/notifications/${id}`);
      assert.ok(numberIn(row.failed) > 0 && numberIn(row.failed) <= outcomes.rejected + outcomes.too_large + outcomes.expired, id);
    }
  },
});

const busiest = (t) => t.page.run(`document.querySelector('[role=tree]').innerText`);

async function sameIds(t, what, wanted) {
  await until(20, `${what}: ${wanted.slice(0, 3)} …`, async () => (await t.dashboard.ids()).join() === wanted.join());
}
