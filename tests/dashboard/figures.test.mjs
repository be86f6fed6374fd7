// The dashboard's figures: one unit each, and a dash where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const { age, bytes, duration, exact, number, rate, share } = await import('../../src/web/dashboard/figures.js');

const reads = (show, table) => assert.deepEqual(table.map(([value]) => show(value)), table.map(([, text]) => text));

test('what is not known is a dash, and zero is a figure', () => {
  for (const show of [age, bytes, duration, exact, number, rate, share]) {
    assert.deepEqual([null, undefined, NaN].map(show), ['–', '–', '–']);
    assert.match(show(0), /^0/);
  }
});

test('a rate has tenths only where they say something', () => {
  reads(rate, [[0, '0'], [0.01, '< 0.1'], [0.4, '0.4'], [12.34, '12.3'], [99.94, '99.9'], [123.4, '123'], [12345.6, '12,346']]);
});

test('a duration is in the unit that people say', () => {
  reads(duration, [
    [0.00064, '640 µs'], [0.0124, '12 ms'], [0.9996, '1.0 s'], [1.54, '1.5 s'], [42.4, '42 s'], [59.7, '1 min 00 s'],
    [252, '4 min 12 s'], [11_100, '3 h 05 min'], [187_200, '2 d 4 h'],
  ]);
  reads(exact, [[0.0025, '2.5 ms'], [0.01, '10 ms'], [0.25, '250 ms'], [1, '1 s'], [2.5, '2.5 s']]);
});

test('an age does not round up: a minute has passed when it has', () => {
  reads(age, [[59.9, '59 s'], [60, '1 min 00 s'], [3599.9, '59 min 59 s']]);
});

test('a share is a percentage, and a little is not nothing', () => {
  reads(share, [[0.001, '< 1 %'], [0.123, '12 %'], [1, '100 %'], [1.4, '140 %']]);
});

test('bytes are counted by 1024', () => {
  reads(bytes, [[512, '512 B'], [1024, '1.0 KiB'], [1536, '1.5 KiB'], [241_172_480, '230 MiB'], [3 * 2 ** 40, '3.0 TiB']]);
});
