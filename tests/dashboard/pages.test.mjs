// What pages go on to show: a notification after it was cancelled, and why the quarantines are not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { page, settled } from './document.mjs';

const { make } = await import('../../src/web/common/dom.js');
await import('../../src/web/dashboard/router.js');
const { notification } = await import('../../src/web/dashboard/pages/notification.js');
const { createQuarantines } = await import('../../src/web/dashboard/push-services/quarantines.js');

const NONE = { accepted: 0, gone: 0, expired: 0, rejected: 0, too_large: 0, superseded: 0, unsubscribed: 0, cancelled: 0, pending: 0 };
const status = (outcomes, receipts) => ({
  id: 'ntf_1', channel: 'news', seq: 1, state: 'cancelled', recipients: 10, created: '2026-01-01T00:00:00Z',
  expires: '2026-01-02T00:00:00Z', send_at: null, outcomes: { ...NONE, ...outcomes }, receipts,
});

test('what was in flight when a notification was cancelled, and what devices say then, is shown', () => {
  const main = make('main', {}, make('h1'));
  page.body.append(main);
  const questions = [];
  let [tell, stops] = [null, 0];
  notification.mount(main, {
    params: { id: 'ntf_1' }, overview: { scopes: [] }, title() {}, tools: make('div'),
    watch: (path, onSnapshot) => ((tell = onSnapshot), () => (stops += 1)),
    askAgain: (path, seconds, onAnswer) => questions.push({ path, onAnswer }),
  });
  tell(status({ cancelled: 10 }), 'status');
  assert.deepEqual([questions, stops], [[], 0]);
  tell(status({ cancelled: 10 }), 'done');
  assert.deepEqual([questions.map(({ path }) => path), stops], [['/v1/notifications/ntf_1'], 1]);
  questions[0].onAnswer({ ok: true, body: status({ cancelled: 8, accepted: 2 }, { shown: 1, clicked: 0, closed: 0 }) });
  const reads = (field) => main.querySelector(`[data-field=${field}]`).textContent;
  assert.deepEqual(['outcomes.accepted', 'outcomes.cancelled', 'receipts.shown'].map(reads), ['2', '8', '1 (50 %)']);
});

test('why the quarantines could not be asked for is shown, and goes when they can', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [{ ok: false, status: 503, body: { detail: 'the store is busy' } }, { ok: true, status: 200, body: { items: [], next: null } }];
  const { element, stop } = createQuarantines({ overview: { scopes: ['admin'] }, call: async () => answers.shift() });
  await settled();
  const problem = element.querySelector('.problem');
  assert.deepEqual([element.hidden, problem.hidden, problem.textContent], [false, false, 'The store is busy']);
  t.mock.timers.tick(5000);
  await settled();
  assert.deepEqual([element.hidden, problem.hidden], [true, true]);
  stop();
});
