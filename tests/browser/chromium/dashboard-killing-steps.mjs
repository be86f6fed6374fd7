// Actors that are killed from their pages: they restart, what they had in hand is delivered, and it is written down.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';
import { subscribe } from './fan-out.mjs';

const PATH = '/v1/observe';
const HELD = 1000; // the number of an endpoint whose answers wait
const LASTING = { rejected: 12, too_large: 12 }; // of the three hundred, by their fates

export const killingSteps = (t) => ({
  async 'a subscription worker with a delivery in hand is killed, and restarts'() {
    t.held = await subscribe(t, HELD, ['held']);
    t.service.hold(HELD);
    t.handed = await t.daemon.publish('held', 'In hand');
    await until(20, 'the push service to have it', () => t.service.heldFor(HELD) === 1);
    const worker = await actorOf(t, 'SubscriptionWorker', t.held);
    await t.dashboard.go(`actors/${worker.id}`, 'actor');
    await t.page.reads('[data-field=restarts]', '0');
    await t.dashboard.confirm('#kill');
    await isRestarted(t, worker.id);
  },

  async 'and its notification is delivered'() {
    await t.dashboard.go(`notifications/${t.handed.id}`, 'notification');
    await t.page.reads('[data-field="outcomes.pending"]', '1');
    await until(20, 'it to be sent again', () => t.service.heldFor(HELD) === 2);
    t.service.release(HELD);
    await t.page.reads('[data-field="outcomes.accepted"]', '1');
    await t.page.reads('.notification .state', 'done');
    const { state, outcomes } = await t.daemon.call('GET', `/v1/notifications/${t.handed.id}`);
    assert.deepEqual([state, outcomes.accepted, outcomes.pending], ['done', 1, 0]);
  },

  async 'the fan-out’s channel worker is killed in the middle, and every device gets what is to be delivered'() {
    const worker = await actorOf(t, 'ChannelWorker', 'news');
    await t.dashboard.go(`actors/${worker.id}`, 'actor');
    await t.page.reads('[data-field=restarts]', '0');
    const { id } = await t.daemon.publish('news', 'Before its worker is killed');
    await t.dashboard.confirm('#kill');
    await isRestarted(t, worker.id);
    await t.dashboard.go(`notifications/${id}`, 'notification');
    await t.page.reads('.notification .state', 'done');
    const { recipients, outcomes } = await t.daemon.call('GET', `/v1/notifications/${id}`);
    const ended = Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0));
    assert.deepEqual(ended, { accepted: recipients - LASTING.rejected - LASTING.too_large, ...LASTING });
    assert.equal(await t.page.text('[data-field="outcomes.accepted"]'), String(ended.accepted));
  },

  async 'both are in the audit, the last one first'() {
    await t.dashboard.go('audit');
    const { items } = await t.daemon.call('GET', `${PATH}/audit`);
    assert.deepEqual(items.map(({ act }) => act), ['kill', 'kill']);
    const rows = await t.dashboard.rows('tbody');
    assert.deepEqual(await t.dashboard.ids(), items.map(({ id }) => String(id)));
    assert.match(items[0].target, /channels\./);
    for (const { id, target, address } of items) {
      assert.deepEqual([rows[id].act, rows[id].target, rows[id].address], ['kill', target, address]);
    }
  },
});

async function actorOf(t, kind, name) {
  const { items } = await t.daemon.call('GET', `${PATH}/actors?kind=${kind}&q=${name}`);
  assert.equal(items.length, 1, `${kind} ${name}`);
  return items[0];
}

async function isRestarted(t, id) {
  await t.page.reads('[data-field=restarts]', '1');
  await t.page.reads('.panel-restarts .events', /Killed by an operator$/);
  assert.equal(await t.page.text('#announcer'), `${id} was killed, and has started again.`);
  const { restarts, restart_history: history } = await t.daemon.call('GET', `${PATH}/actors/${id}`);
  assert.deepEqual([restarts, history.map(({ by }) => by)], [1, ['operator']]);
}
