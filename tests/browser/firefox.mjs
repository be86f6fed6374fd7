// A real Firefox, the real daemon, and a push service of the test's own: what an app's users live through.
//
//   node tests/browser/firefox.mjs [path to the fanfare binary] [part of a test's name]
//
// FIREFOX names the browser, firefox-esr by default. Each file in firefox/ is about one behaviour.

import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { House } from './house.mjs';
import { run } from './runner.mjs';

const [binary = join(import.meta.dirname, '../../target/debug/fanfare'), filter] = process.argv.slice(2);
const start = Date.now();
const directory = join(import.meta.dirname, 'firefox');
const paths = readdirSync(directory).sort().map((name) => join(directory, name));
const files = await Promise.all(paths.map(async (path) => [path, await import(path)]));

const house = await House.open(resolve(binary));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => house.close().finally(() => process.exit(1)));
}
let result;
try {
  result = await run(files, house, filter);
} finally {
  await house.close();
}
console.log(`${result.passed} passed, ${result.failed} failed, ${((Date.now() - start) / 1000).toFixed(1)} s`);
process.exit(result.failed ? 1 : 0);
