// Runs named tests over one house, one after the other, and tells of each.

import { basename } from 'node:path';

import { within } from './limits.mjs';

const TEST_SECONDS = 45; // none needs a third of it; one that hangs must not hang the run

/**
 * `files` maps a file's path to its exported `tests`, names to functions of the house. Each begins in a house that was
 * tidied, so none builds on another. Returns how many passed and failed. One that does not end in time ends the run:
 * nobody else can have the house while it is at work there.
 */
export async function run(files, house, filter = '', seconds = TEST_SECONDS) {
  const chosen = files.flatMap(([path, { tests }]) => Object.entries(tests)
    .map(([name, test]) => ({ name: `${basename(path, '.mjs')}: ${name}`, test })))
    .filter(({ name }) => name.includes(filter));
  if (!chosen.length) throw new Error(`no test has “${filter}” in its name`);
  const result = { passed: 0, failed: 0 };
  for (const { name, test } of chosen) {
    const start = Date.now();
    let hasEnded = false;
    const ended = attempt(test, house).finally(() => { hasEnded = true; });
    try {
      await within(seconds, 'the test to end', ended);
      result.passed += 1;
      console.log(`ok      ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      result.failed += 1;
      console.log(`FAILED  ${name} (${Date.now() - start} ms)\n${indented(error.stack)}`);
      for (const line of house.report()) console.log(indented(line));
      if (!hasEnded) break;
    }
  }
  return result;
}

async function attempt(test, house) {
  await house.tidy();
  await test(house);
  house.judge();
}

const indented = (text) => text.replace(/^/gm, '        ');
