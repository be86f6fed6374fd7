// What an operator does besides: pausing and resuming, draining, cancelling, sending again; each does what it says.

import assert from 'node:assert/strict';

import { until } from '../limits.mjs';

const PATH = '/v1/observe';
const REFUSED = 24; // of the three hundred: 12 with 400, 12 with 413

export const actingSteps = (t) => ({
  async 'a push service is paused, nothing is sent there, and what waits goes out when it is resumed'() {
    const button = '.service-head button';
    await t.dashboard.go('push-services');
    await t.dashboard.confirm(button);
    await t.page.reads('.service [data-field=state]', 'paused');
    await t.page.reads('.service-why', /^Paused by an operator at .* What is for it waits\.$/);
    await until(20, 'what was under way to settle', async () => (await serviceOf(t)).in_flight === 0);
    const sent = t.service.requests;
    const { id } = await t.daemon.publish('room:3', 'While it is paused');
    await until(20, 'two more of the fan-out', waitingFor(t, 2));
    assert.equal(t.service.requests, sent, 'it was sent to while it was paused');
    assert.equal((await statusOf(t, id)).outcomes.accepted, 0);
    await t.dashboard.confirm(button);
    await t.page.reads('.service [data-field=state]', 'open');
    await isDelivered(t, id);
  },

  async 'a channel is paused and takes notifications on, others go on, and it goes out when it is resumed'() {
    await t.dashboard.go('channels?q=room:7');
    const row = '[data-id="room:7"]';
    await t.dashboard.confirm(`${row} button`);
    await t.page.reads(`${row} [data-field=paused]`, 'paused');
    const [waiting, other] = [await t.daemon.publish('room:7', 'Waits'), await t.daemon.publish('room:70', 'Goes on')];
    await isDelivered(t, other.id);
    assert.equal((await statusOf(t, waiting.id)).outcomes.accepted, 0);
    await t.page.reads(`${row} [data-field=open]`, '1');
    await t.dashboard.confirm(`${row} button`);
    await t.page.reads(`${row} [data-field=paused]`, 'active');
    await isDelivered(t, waiting.id);
    await t.page.reads(`${row} [data-field=open]`, '0');
  },

  async 'the node is drained, is not ready, warns of it, and delivers again when it is resumed'() {
    await t.dashboard.go('system');
    await t.dashboard.confirm('#drain');
    await t.page.reads('.draining', /^Delivery is drained: no new push starts/);
    await t.page.reads('#drain', 'Resume delivery');
    assert.equal((await fetch(`${t.daemon.origin}/readyz`)).status, 503);
    const { id } = await t.daemon.publish('room:9', 'While it is drained');
    await t.dashboard.go('warnings');
    await until(20, 'the warning', async () => (await t.dashboard.ids('.warning')).some((name) => name.startsWith('draining ')));
    await t.dashboard.go('system');
    assert.equal(await t.page.text('#drain'), 'Resume delivery');
    assert.equal((await statusOf(t, id)).outcomes.accepted, 0);
    await t.dashboard.confirm('#drain');
    await t.dashboard.absent('.draining');
    await isDelivered(t, id);
    assert.equal((await fetch(`${t.daemon.origin}/readyz`)).status, 200);
  },

  async 'a scheduled notification is cancelled'() {
    const due = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await t.daemon.publish('room:5', 'Later', { send_at: due });
    await t.dashboard.go(`notifications/${id}`, 'notification');
    await t.page.reads('.notification .state', 'scheduled');
    await t.dashboard.confirm('#cancel');
    await t.page.reads('.notification .state', 'cancelled');
    await t.dashboard.absent('#cancel');
    assert.equal((await statusOf(t, id)).state, 'cancelled');
  },

  async 'what failed is sent again, to those alone that failed'() {
    const { id } = await t.daemon.publish('news', 'To be sent again');
    await t.dashboard.go(`notifications/${id}`, 'notification');
    await t.page.reads('.notification .state', 'done');
    await t.page.reads('.failures .reasons', /12\s+rejected\s+400: BadTopic/);
    await t.page.reads('.failures .reasons', /12\s+too large\s+413: /);
    t.failed = id;
    t.service.forgiving = true;
    await t.dashboard.outdate();
    await t.dashboard.confirm('#resend');
    await t.dashboard.shows('notification');
    const again = (await t.page.run('location.hash')).split('/').at(-1);
    assert.notEqual(again, id);
    await t.page.reads('[data-field="outcomes.accepted"]', String(REFUSED));
    const { recipients, outcomes } = await statusOf(t, again);
    assert.deepEqual([recipients, outcomes.accepted], [REFUSED, REFUSED]);
    t.service.forgiving = false;
  },

  async 'the log’s level is changed for now, and the log shows what is written since'() {
    await t.dashboard.go('log');
    const select = '[data-name=filter]';
    await t.dashboard.present(select);
    await t.page.evaluate((place) => document.querySelector(place).focus(), select);
    await t.page.press('d');
    await until(20, 'the daemon to write debug', async () => (await t.daemon.call('GET', `${PATH}/log/level`)).filter === 'info,fanfare=debug');
    await t.dashboard.present('.line[data-level=debug]');
    await t.page.press('Home'); // what is configured stands first; a letter so soon would be the second of a word
    await until(20, 'the daemon to write what it is configured to', async () => {
      const { filter, configured } = await t.daemon.call('GET', `${PATH}/log/level`);
      return filter === configured;
    });
  },

  async 'every one of these acts is in the audit, as the API has it'() {
    await t.dashboard.go('audit');
    const { items } = await t.daemon.call('GET', `${PATH}/audit`);
    assert.deepEqual(items.map(({ act }) => act).reverse(), [
      'kill', 'kill', 'pause-origin', 'resume-origin', 'pause-channel', 'resume-channel', 'drain', 'resume', 'log-level', 'log-level',
    ]);
    const rows = await t.dashboard.rows('tbody');
    assert.deepEqual(await t.dashboard.ids(), items.map(({ id }) => String(id)));
    for (const { id, act, target } of items) {
      assert.deepEqual([rows[id].act, rows[id].target], [act.replaceAll('-', ' '), target || '–']);
    }
  },
});

const statusOf = (t, id) => t.daemon.call('GET', `/v1/notifications/${id}`);

async function serviceOf(t) {
  const { items } = await t.daemon.call('GET', `${PATH}/push-services`);
  return items.find(({ origin }) => origin === t.service.origin);
}

/** Whether the publisher has sent so many more since this was called. */
function waitingFor(t, more) {
  const wanted = t.publisher.sent.length + more;
  return () => t.publisher.sent.length >= wanted;
}

async function isDelivered(t, id) {
  const { recipients, outcomes } = await until(30, `${id} to be delivered`, async () => {
    const status = await statusOf(t, id);
    return status.state === 'done' && status;
  });
  assert.ok(outcomes.accepted > 0, JSON.stringify({ recipients, outcomes }));
}
