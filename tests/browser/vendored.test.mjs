// What others wrote and the program carries is what they published: the same bytes as in the package that the lock file pins.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const VENDORED = {
  'src/web/vendor/uplot/uPlot.esm.js': 'uplot/dist/uPlot.esm.js',
  'src/web/vendor/uplot/uPlot.min.css': 'uplot/dist/uPlot.min.css',
  'src/web/vendor/uplot/LICENSE': 'uplot/LICENSE',
};
const ours = (path) => readFileSync(new URL(`../../${path}`, import.meta.url));
const theirs = (path) => readFileSync(new URL(`node_modules/${path}`, import.meta.url));

for (const [path, published] of Object.entries(VENDORED)) {
  test(`${path} is the published file`, () => {
    assert.ok(ours(path).equals(theirs(published)), `${path} is not ${published} of the package`);
  });
}

test('the version that the readers are told is the one that is there', () => {
  const { version } = JSON.parse(theirs('uplot/package.json'));
  assert.match(ours('src/web/vendor/uplot/README.md').toString(), new RegExp(`^# uPlot ${version.replaceAll('.', '\\.')}$`, 'm'));
});
