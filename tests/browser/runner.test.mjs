// The runner itself: one test after the other, each in a tidy house.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from './runner.mjs';

/** A house that notes what happens in it. */
function emptyHouse() {
  const happened = [];
  const house = { tidy: async () => happened.push('tidy'), judge: () => happened.push('judge'), report: () => [] };
  return { house, happened };
}

test('each begins in a tidy house and is judged, and one that fails keeps nobody from going on', async () => {
  const { house, happened } = emptyHouse();
  const tests = {
    async first() { throw new Error('no'); },
    async second() { happened.push('second'); },
  };
  assert.deepEqual(await run([['a.mjs', { tests }]], house), { passed: 1, failed: 1 });
  assert.deepEqual(happened, ['tidy', 'tidy', 'second', 'judge']);
});

test('one that does not end in time ends the run', async () => {
  const { house, happened } = emptyHouse();
  const tests = {
    hangs: () => new Promise(() => {}),
    async next() { happened.push('next'); },
  };
  assert.deepEqual(await run([['a.mjs', { tests }]], house, '', 0.01), { passed: 0, failed: 1 });
  assert.deepEqual(happened, ['tidy']);
});

test('a name that no test has is a mistake', async () => {
  const tests = { async one() {} };
  await assert.rejects(run([['a.mjs', { tests }]], emptyHouse().house, 'two'), /no test has “two” in its name/);
});
