// When the fan-out has come to rest nothing moves any more: then what is shown is to the last figure what the API says.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';

const PATH = '/v1/observe';
const FAILED = ['rejected', 'expired', 'too_large'];
const written = (value) => (value === null || value === undefined ? '–' : value.toLocaleString('en'));
const words = (value) => value?.replaceAll('_', ' ') ?? '–';

export const restSteps = (t) => ({
  async 'the fan-out comes to rest'() {
    await t.publisher.stop();
    await until(60, 'every notification to be done', async () => {
      const { items } = await t.daemon.call('GET', `${PATH}/notifications?state=delivering&limit=1`);
      return items.length === 0;
    });
  },

  async 'at rest every push service’s figures are the API’s'() {
    await t.dashboard.go('push-services');
    await agree(t, 'push-services', '.service', ({ origin }) => origin, (row) => ({
      state: row.state, in_flight: '0', waiting: '0', subscriptions: written(row.subscriptions),
      ...Object.fromEntries(Object.entries(row.answers).map(([name, count]) => [`answers.${name}`, written(count)])),
    }));
  },

  async 'at rest every channel’s figures are the API’s'() {
    await t.dashboard.go('channels?sort=subscribers&order=desc');
    await agree(t, 'channels?sort=subscribers&order=desc', 'tbody', ({ name }) => name, (row) => ({
      name: row.name, subscribers: written(row.subscribers), head: written(row.head), open: '0',
      scheduled: written(row.scheduled), oldest_pending: '–', paused: 'active',
    }));
  },

  async 'at rest every subscription’s state and trouble are the API’s'() {
    for (const state of ['gone', 'active']) {
      await t.dashboard.go(`subscriptions?state=${state}`);
      await agree(t, `subscriptions?state=${state}`, 'tbody', ({ id }) => id, (row) => ({
        id: row.id, state, attempt: row.attempt ? written(row.attempt) : '–', next_attempt: '–',
        last_outcome: words(row.last_outcome),
        reason: row.trouble ? `${row.trouble.status}: ${row.trouble.reason}` : row.reason ?? '–',
      }));
    }
  },

  async 'at rest every notification’s outcomes are the API’s'() {
    await t.dashboard.go('notifications');
    await agree(t, 'notifications', 'tbody', ({ id }) => id, ({ id, channel, seq, state, outcomes, recipients }) => ({
      id, channel, seq: written(seq), state,
      'outcomes.accepted': recipients === null ? '–' : `${outcomes.accepted} of ${recipients}`,
      failed: written(FAILED.reduce((sum, name) => sum + outcomes[name], 0)),
    }));
    await t.dashboard.go(`notifications/${t.failed}`, 'notification');
    const { outcomes } = await t.daemon.call('GET', `/v1/notifications/${t.failed}`);
    const shown = (await t.dashboard.rows('.outcomes'))[''];
    for (const [name, count] of Object.entries(outcomes)) assert.equal(shown[`outcomes.${name}`], written(count), name);
    const { items } = await t.daemon.call('GET', `/v1/notifications/${t.failed}/failures?limit=1000`);
    const rows = await t.dashboard.rows('.failures tbody');
    for (const { subscription, outcome, status, reason, attempts } of items) {
      const expected = { subscription, outcome: words(outcome), status: String(status), reason, attempts: written(attempts) };
      assert.deepEqual(chosen(rows[subscription], expected), expected);
    }
  },

  async 'at rest the tree’s and the actors’ figures are the API’s'() {
    await t.dashboard.go('tree');
    await agree(t, 'tree', '[role=tree]', ({ id }) => id, (node) => ({
      'children.alive': written(node.children?.alive), 'mailbox.now': '0', restarts: written(node.restarts),
    }), ({ nodes }) => nodes);
    const query = 'sort=restarts&order=desc&limit=25';
    await t.dashboard.go(`actors?${query}`);
    await agree(t, `actors?${query}`, 'tbody', ({ id }) => id, (row) => ({
      state: words(row.state), arbiter: row.arbiter, 'mailbox.now': '0', 'mailbox.peak': written(row.mailbox.peak),
      restarts: written(row.restarts),
    }));
  },

  async 'at rest the system’s figures are the API’s'() {
    await t.dashboard.go('system');
    await agree(t, 'system', '.panel-arbiters', ({ name }) => name, (row) => ({
      actors: written(row.actors), mailbox: '0',
      credits: row.credits ? `${row.credits.all - row.credits.free} of ${written(row.credits.all)}` : '–',
    }), ({ arbiters }) => arbiters);
    await agree(t, 'system', '.panel-queues', ({ name }) => name, ({ bound }) => ({
      now: '0', bound: bound === null ? 'none' : written(bound),
    }), ({ queues }) => queues);
    const { version, store, machine } = await t.daemon.call('GET', `${PATH}/system`);
    const shown = (await t.dashboard.rows())[''];
    assert.deepEqual([shown['store.kind'], shown['store.writable'], shown['machine.cores']], [store.kind, 'yes', written(machine.cores)]);
    assert.equal(await t.page.text('.page-note'), `Fanfare ${version}`);
  },
});

const chosen = (row, fields) => Object.fromEntries(Object.keys(fields).map((field) => [field, row?.[field]]));

/** That the rows below `scope` become those of the API, field by field: a page follows within moments. */
async function agree(t, path, scope, idOf, fieldsOf, itemsOf = ({ items }) => items) {
  await until(20, `${path} to be as the API says`, async () => {
    const items = itemsOf(await t.daemon.call('GET', `${PATH}/${path}`));
    assert.ok(items.length > 0, 'the API has nothing there');
    const expected = Object.fromEntries(items.map((item) => [idOf(item), fieldsOf(item)]));
    const rows = await t.dashboard.rows(scope);
    const shown = Object.fromEntries(Object.keys(rows).map((id) => [id, chosen(rows[id], expected[id] ?? rows[id])]));
    assert.deepEqual(shown, expected);
    return true;
  });
}
