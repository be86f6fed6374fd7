// Named steps, one after the other, each of which builds on the ones before it; and the end of all that they started.

import { rmSync } from 'node:fs';

import { stopAll } from './processes.mjs';

/**
 * Runs `steps` (names to functions), tells of each, and ends this process: with 1 when one failed, which ends the run.
 * `report()` answers lines that help to understand a failure. Whatever ends this run, `close()` ends what the steps
 * opened, the processes that they started are stopped, and `directory` is removed.
 */
export async function runSteps(steps, { directory, report, close }) {
  let ending;
  const end = (status) => {
    ending ??= tidyUp(directory, close);
    return ending.finally(() => process.exit(status));
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(1));
  process.once('uncaughtException', (error) => {
    console.log(`FAILED  ${error.stack}`);
    end(1);
  });

  let passed = 0;
  for (const [name, step] of Object.entries(steps)) {
    const start = Date.now();
    try {
      await step();
    } catch (error) {
      console.log(`FAILED  ${name} (${Date.now() - start} ms)`);
      for (const line of [...error.stack.split('\n'), ...report()]) console.log(`        ${line}`);
      break;
    }
    passed += 1;
    console.log(`ok      ${name} (${Date.now() - start} ms)`);
  }
  const total = Object.keys(steps).length;
  console.log(`${passed} of ${total} passed`);
  await end(passed === total ? 0 : 1);
}

async function tidyUp(directory, close) {
  try {
    await close();
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
