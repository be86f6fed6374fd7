// Under the fan-out: every page is drawn, is live, and what it counts is what the API counts.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { numberIn } from './dashboard.mjs';

const PATH = '/v1/observe';
const SETTLED = ['accepted', 'gone', 'rejected', 'too_large'];

export const figuresSteps = (t) => ({
  async 'the tree shows every supervisor, and the channel worker of the fan-out when it is opened'() {
    const { nodes } = await t.daemon.call('GET', `${PATH}/tree`);
    await t.dashboard.go('tree');
    assert.deepEqual((await t.dashboard.ids('[role=treeitem]')).sort(), nodes.map(({ id }) => id).sort());
    await t.dashboard.counts('the tree’s children', async () => numbers(await t.dashboard.rows(), 'children.alive'),
      async () => ({ root: (await t.daemon.call('GET', `${PATH}/tree`)).nodes.find(({ id }) => id === 'root').children.alive }));
    await t.dashboard.go('tree?expand=channels,subscriptions.0');
    await until(20, 'the workers', () => t.page.run(`[...document.querySelectorAll('[role=treeitem][aria-level="3"]')]
      .some((row) => row.dataset.id.startsWith('channels.') && row.innerText.includes('news'))`));
  },

  async 'the list of actors has as many as the API, and those that it shows have its names and kinds'() {
    await t.dashboard.go('actors?kind=SubscriptionSupervisor&sort=name&order=asc');
    const { items, matched } = await t.daemon.call('GET', `${PATH}/actors?kind=SubscriptionSupervisor&sort=name&order=asc`);
    assert.deepEqual(await t.dashboard.ids(), items.map(({ id }) => id));
    const rows = await t.dashboard.rows('tbody');
    for (const { id, arbiter } of items) {
      assert.deepEqual([rows[id].name, rows[id].kind, rows[id].arbiter], [id, 'Subscription supervisor', arbiter]);
    }
    assert.match(await t.page.text('[data-field=matched]'), new RegExp(`^1–${matched} of ${matched} `));
  },

  async 'an actor’s page counts its messages as the API does'() {
    await t.dashboard.go('actors/subscriptions.0', 'actor');
    await t.dashboard.counts('messages of subscriptions.0',
      async () => ({ messages: numberIn(await t.page.run(`document.querySelector('[data-field="messages_per_second"] + .quiet').innerText`)) }),
      async () => ({ messages: (await t.daemon.call('GET', `${PATH}/actors/subscriptions.0`)).messages }));
    const { parent, arbiter } = await t.daemon.call('GET', `${PATH}/actors/subscriptions.0`);
    assert.equal(await t.page.text('.panel-state dd a'), parent);
    assert.equal(await t.page.run(`document.querySelector('[data-field=busy] + .quiet').innerText`), `on ${arbiter}`);
    assert.ok(await t.page.run(`document.querySelectorAll('.panel-messages li').length`) > 0);
  },

  async 'the push service’s answers grow as the API counts them: taken, refused and failed'() {
    const { origin } = t.service;
    await t.dashboard.go('push-services');
    await until(20, 'answers of every kind', async () => {
      const { answers } = await serviceOf(t);
      return answers.ok && answers.client_error && answers.server_error;
    });
    await t.dashboard.counts('answers', async () => fieldsOf((await t.dashboard.rows())[origin], 'answers.'),
      async () => (await serviceOf(t)).answers);
    const rows = (await t.dashboard.rows())[origin];
    const { subscriptions } = await serviceOf(t);
    assert.match(rows.state, /^(open|shut|probing)$/); // which of them changes under the failures; at rest it is compared
    assert.equal(numberIn(rows.subscriptions), subscriptions);
  },

  async 'a channel’s subscribers and the number of its newest notification are the API’s'() {
    await t.dashboard.go('channels?q=news');
    assert.deepEqual(await t.dashboard.ids(), ['news']);
    await t.dashboard.counts('the head of news', async () => ({ head: numberIn((await t.dashboard.rows('tbody')).news.head) }),
      async () => ({ head: (await channelsNamed(t, 'news'))[0].head }));
  },

  async 'subscriptions that are gone are shown as gone, all of them'() {
    const gone = async () => (await t.daemon.call('GET', `${PATH}/subscriptions?state=gone&limit=100`)).items;
    await until(20, 'all twelve to be gone', async () => (await gone()).length === 12);
    await t.dashboard.go('subscriptions?state=gone');
    const rows = await t.dashboard.rows('tbody');
    const items = await gone();
    assert.deepEqual(Object.keys(rows).sort(), items.map(({ id }) => id).sort());
    for (const { id } of items) assert.deepEqual([rows[id].state, rows[id].last_outcome], ['gone', 'gone']);
  },

  async 'the newest notifications are shown as they come, and their outcomes as they are settled'() {
    await t.dashboard.go('notifications?channel=news');
    const newest = async () => (await t.daemon.call('GET', `${PATH}/notifications?channel=news&limit=1`)).items[0];
    await t.dashboard.counts('the newest notification',
      async () => ({ seq: numberIn(Object.values(await t.dashboard.rows('tbody'))[0].seq) }),
      async () => ({ seq: (await newest()).seq }));
    const { id } = await newest();
    const status = () => t.daemon.call('GET', `/v1/notifications/${id}`);
    await until(20, 'some of it to be settled', async () => (await status()).outcomes.accepted > 0);
    await t.dashboard.counts(`outcomes of ${id} in the list`,
      async () => ({ accepted: numberIn((await t.dashboard.rows('tbody'))[id]['outcomes.accepted']) }),
      async () => ({ accepted: (await status()).outcomes.accepted }));
    await t.dashboard.go(`notifications/${id}`, 'notification');
    await t.dashboard.counts(`outcomes of ${id}`, async () => fieldsOf((await t.dashboard.rows('.outcomes'))[''], 'outcomes.'),
      async () => settledOf(await status()));
  },

  async 'the system page counts the journal’s batches and commands as the API does, and has every limit, thread and queue'() {
    await t.dashboard.go('system');
    const journal = async () => {
      const { journal: { batches, commands } } = await t.daemon.call('GET', `${PATH}/system`);
      return { batches, commands };
    };
    await t.dashboard.counts('the journal', async () => fieldsOf((await t.dashboard.rows())[''], 'journal.'), journal);
    const { limits, arbiters, queues, process: { pid } } = await t.daemon.call('GET', `${PATH}/system`);
    const names = [...limits, ...arbiters, ...queues].map(({ name }) => name);
    assert.deepEqual((await t.dashboard.ids('tbody tr')).sort(), names.sort());
    assert.match(await t.page.text('.figures'), new RegExp(`process ${pid}\\b`));
    assert.equal(pid, t.daemon.process.child.pid);
  },

  async 'the charts know the daemon’s history, and draw one line for each outcome that there was'() {
    await t.dashboard.go('charts');
    const { at, series } = await t.daemon.call('GET', `${PATH}/charts?span=10m`);
    const outcomes = series.filter(({ name, labels }) => name === 'deliveries_per_second' && labels.outcome);
    const drawn = await t.page.run(`[...document.querySelectorAll('[data-id=outcomes] .chart-label')].length`);
    assert.equal(drawn, outcomes.length);
    assert.ok(at.length > 0);
    const accepted = outcomes.find(({ labels }) => labels.outcome === 'accepted').values.findLast((value) => value > 0);
    assert.ok(accepted > 0, 'the API’s history has no delivery');
    await t.page.click('[data-id=outcomes] summary');
    await until(20, 'rows of the table', () => t.page.run(`document.querySelectorAll('[data-id=outcomes] .chart-table tbody tr').length > 3`));
    assert.ok(await t.page.run(`document.querySelectorAll('.chart canvas').length`) >= 8);
  },

  async 'the log shows the lines that the API has, and goes on'() {
    await t.dashboard.go('log');
    const last = async () => (await t.daemon.call('GET', `${PATH}/log?limit=1`)).lines.at(-1).n;
    await t.dashboard.counts('the log', async () => ({ n: Number((await t.dashboard.ids('.line')).at(-1)) }), async () => ({ n: await last() }));
  },

  async 'what is warned of is what the API warns of, and the navigation says how many'() {
    await t.dashboard.go('warnings');
    const codes = async () => (await t.daemon.call('GET', `${PATH}/warnings`)).items.map(({ code, subject }) => `${code} ${subject}`).sort();
    await until(20, 'the same warnings as the API has', async () =>
      JSON.stringify((await t.dashboard.ids('.warning')).sort()) === JSON.stringify(await codes()));
    await until(20, 'their number', async () => numberIn(await t.page.text('#warning-count') || '0') === (await codes()).length);
  },

  async 'the audit is empty before anybody did anything'() {
    await t.dashboard.go('audit');
    assert.deepEqual((await t.daemon.call('GET', `${PATH}/audit`)).items, []);
    assert.equal(await t.page.text('#main .nothing p'), 'Nothing was done yet.');
  },
});

async function serviceOf(t) {
  const { items } = await t.daemon.call('GET', `${PATH}/push-services`);
  return items.find(({ origin }) => origin === t.service.origin);
}

async function channelsNamed(t, q) {
  return (await t.daemon.call('GET', `${PATH}/channels?q=${q}`)).items;
}

/** Of the fields whose names begin so, the numbers, by the rest of their names. */
function fieldsOf(row, beginning) {
  return Object.fromEntries(Object.entries(row).filter(([field]) => field.startsWith(beginning))
    .map(([field, text]) => [field.slice(beginning.length), numberIn(text)]));
}

const numbers = (rows, field) => Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, numberIn(row[field])]));

const settledOf = ({ outcomes }) => Object.fromEntries(SETTLED.map((name) => [name, outcomes[name]]));
