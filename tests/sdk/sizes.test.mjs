// Each file is small: what a phone on a slow network loads before it can subscribe.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { served, source } from './fakes/scripts.mjs';

const LIMIT = 4000; // bytes, comments and all

for (const [name, content] of Object.entries(served)) {
  test(`${name} has at most ${LIMIT} bytes in gzip`, (at) => {
    const size = gzipSync(content, { level: 9 }).length;
    at.diagnostic(`${name}: ${size} of ${LIMIT} bytes`);
    assert.ok(size <= LIMIT, `${size} bytes`);
  });
}

test('no line is longer than 120 columns', () => {
  for (const name of ['fanfare.js', 'fanfare-sw.js', 'exports.mjs', 'fanfare.d.ts']) {
    const long = String(source(name)).split('\n').filter((line) => line.length > 120);
    assert.deepEqual(long, [], name);
  }
});
