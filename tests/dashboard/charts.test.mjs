// What the dashboard's charts remember: a snapshot, points, gaps, and what a restarted daemon has forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const { createHistory } = await import('../../src/web/dashboard/charts/history.js');

const one = (values, labels = {}) => ({ name: 'accepts_per_second', unit: '1/s', labels, values });
const snapshot = (at, ...series) => ({ step_seconds: 1, at, series });
const rows = ({ at, series }) => at.map((time, row) => [time, ...series.map(({ values }) => values[row])]);

test('points follow the snapshot, and what is too old goes', () => {
  const history = createHistory(3);
  history.snapshot(snapshot([100, 101], one([1, 2])));
  history.point({ at: 102, values: [3] });
  assert.deepEqual(rows(history), [[100, 1], [101, 2], [102, 3]]);
  history.point({ at: 103, values: [4] });
  assert.deepEqual(rows(history), [[101, 2], [102, 3], [103, 4]]);
  assert.deepEqual(history.range(), [100, 103]);
});

test('a point for a time that is there is taken instead of it', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([100, 101], one([1, 2])));
  history.point({ at: 101, values: [5] });
  assert.deepEqual(rows(history), [[100, 1], [101, 5]]);
});

test('when the clock was set back, a point replaces all that does not come before it, and the chart goes on', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([100, 101, 102], one([1, 2, 3])));
  history.point({ at: 101, values: [6] });
  history.point({ at: 102, values: [7] });
  assert.deepEqual(rows(history), [[100, 1], [101, 6], [102, 7]]);
  history.point({ at: 50, values: [8] });
  assert.deepEqual(rows(history), [[50, 8]]);
});

test('a point that comes late leaves a gap', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([100], one([1])));
  history.point({ at: 101, values: [2] });
  history.point({ at: 110, values: [3] });
  assert.deepEqual(rows(history), [[100, 1], [101, 2], [102, null], [110, 3]]);
});

test('what was known before the daemon started anew is kept, with a gap while it was down', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([90, 91], one([1, 2], { outcome: 'accepted' }), one([7, 8], { outcome: 'gone' })));
  history.snapshot(snapshot([98, 99, 100], one([null, null, 9], { outcome: 'gone' }), one([null, null, 3], { outcome: 'accepted' })));
  assert.deepEqual(rows(history), [[90, 7, 1], [91, 8, 2], [92, null, null], [100, 9, 3]]);
});

test('what the daemon still knows is the daemon’s word', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([90, 91, 92], one([1, 2, 3])));
  history.snapshot(snapshot([91, 92, 93], one([20, 30, 40])));
  assert.deepEqual(rows(history), [[90, 1], [91, 20], [92, 30], [93, 40]]);
});

test('a history without any value is empty, and nothing fails', () => {
  const history = createHistory(60);
  history.snapshot(snapshot([], one([])));
  assert.deepEqual(rows(history), []);
  assert.equal(history.range().length, 2);
});
