// The log's lines: every one once, whatever breaks, and a word where some are missing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import './document.mjs';

const { createLines } = await import('../../src/web/dashboard/lines.js');

const line = (n, at) => ({ n, at, level: 'info', target: 'fanfare', message: `line ${n} of ${at}`, fields: {} });
/** RFC 3339 as the daemon writes it: without the zeros at its end. */
const LATER = [line(1, '2026-01-01T00:00:00Z'), line(2, '2026-01-01T00:00:00.51Z'), line(3, '2026-01-01T00:00:00.512Z'),
  line(4, '2026-01-01T00:00:01Z'), line(5, '2026-01-01T00:00:01Z')];
const GAP = 'Lines in between are not shown.';

const createLog = () => createLines({ label: 'Log lines' });
const shown = ({ element }) => element.querySelectorAll('.line').map((one) => (one.matches('.line-gap') ? one.textContent : Number(one.dataset.id)));

test('lines come in their order, however their times are written', () => {
  const log = createLog();
  log.add({ lines: LATER.slice(0, 1), dropped: 0 }, 'snapshot');
  for (const one of LATER.slice(1)) log.add({ lines: [one], dropped: 0 }, 'lines');
  assert.deepEqual(shown(log), [1, 2, 3, 4, 5]);
});

test('after a break only what is new is added', () => {
  const log = createLog();
  log.add({ lines: LATER.slice(0, 3), dropped: 0 }, 'snapshot');
  log.add({ lines: LATER, dropped: 0 }, 'snapshot');
  log.add({ lines: LATER, dropped: 0 }, 'snapshot');
  assert.deepEqual(shown(log), [1, 2, 3, 4, 5]);
});

test('where the last line is not there any more, there may be others in between', () => {
  const log = createLog();
  log.add({ lines: LATER.slice(0, 2), dropped: 0 }, 'snapshot');
  log.add({ lines: LATER.slice(3), dropped: 0 }, 'snapshot');
  assert.deepEqual(shown(log), [1, 2, GAP, 4, 5]);
});

test('a daemon that started anew counts from 1 again, and its lines are others', () => {
  const log = createLog();
  const anew = [line(1, '2026-01-01T00:01:00Z'), line(2, '2026-01-01T00:01:00Z')];
  log.add({ lines: LATER.slice(0, 2), dropped: 0 }, 'snapshot');
  log.add({ lines: [], dropped: 0 }, 'snapshot');
  assert.deepEqual(shown(log), [1, 2]);
  for (const one of anew) log.add({ lines: [one], dropped: 0 }, 'lines');
  assert.deepEqual(shown(log), [1, 2, GAP, 1, 2]);
});

test('lines that were dropped are missing at their place, and that stays', () => {
  const log = createLog();
  log.add({ lines: LATER.slice(0, 1), dropped: 0 }, 'snapshot');
  log.add({ lines: LATER.slice(3, 4), dropped: 1200 }, 'lines');
  log.add({ lines: LATER.slice(4), dropped: 0 }, 'lines');
  assert.deepEqual(shown(log), [1, '1,200 lines came faster than they could be kept.', 4, 5]);
});

test('no more are kept than can be read', () => {
  const log = createLog();
  const many = Array.from({ length: 700 }, (_, at) => line(at + 1, '2026-01-01T00:00:00Z'));
  log.add({ lines: many, dropped: 0 }, 'snapshot');
  assert.deepEqual([shown(log).length, shown(log).at(-1)], [500, 700]);
});
