// The dashboard in a real Chromium, of a real daemon, in the middle of a fan-out with failures: every page, whether its
// figures are the API's, what an operator can do there, and how it looks.
//
//   node tests/browser/dashboard.mjs [path to the fanfare binary] [--screenshots DIR]     CHROMIUM names the browser

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { Chromium } from './chromium/browser.mjs';
import { actingSteps } from './chromium/dashboard-acting-steps.mjs';
import { breakSteps } from './chromium/dashboard-break-steps.mjs';
import { figuresSteps } from './chromium/dashboard-figures-steps.mjs';
import { killingSteps } from './chromium/dashboard-killing-steps.mjs';
import { layoutSteps } from './chromium/dashboard-layout-steps.mjs';
import { listSteps } from './chromium/dashboard-list-steps.mjs';
import { loginSteps } from './chromium/dashboard-login-steps.mjs';
import { quietSteps } from './chromium/dashboard-quiet-steps.mjs';
import { restSteps } from './chromium/dashboard-rest-steps.mjs';
import { sessionSteps } from './chromium/dashboard-session-steps.mjs';
import { FatefulService, Publisher, subscribe } from './chromium/fan-out.mjs';
import { Daemon } from './daemon.mjs';
import { runSteps } from './steps.mjs';

const AUDIENCE = 300; // browsers in `news`
const ROOMS = 120; // channels besides
const AT_ONCE = 20;

const { values: { screenshots }, positionals } = parseArgs({
  allowPositionals: true, options: { screenshots: { type: 'string' } },
});
const binary = resolve(positionals[0] ?? join(import.meta.dirname, '../../target/debug/fanfare'));
const directory = mkdtempSync(join(tmpdir(), 'fanfare-dashboard-'));
/** What the steps share. */
const t = { screenshots };

/** In order; each builds on the ones before it. */
const STEPS = {
  async 'the daemon, a push service, its subscriptions and Chromium start, and a fan-out with failures begins'() {
    t.service = await FatefulService.start(directory);
    t.daemon = await Daemon.start(binary, directory, t.service, ['--observe-acting', 'true']);
    for (let first = 0; first < AUDIENCE; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, at) => first + at);
      await Promise.all(numbers.map((number) => subscribe(t, number, ['news', `room:${number % ROOMS}`])));
    }
    t.browser = await Chromium.start(process.env.CHROMIUM ?? 'chromium', directory, 'disabled:');
    t.publisher = Publisher.start(t.daemon, 'news');
  },
  ...loginSteps(t),
  ...figuresSteps(t),
  ...listSteps(t),
  ...killingSteps(t),
  ...actingSteps(t),
  ...restSteps(t),
  ...layoutSteps(t),
  ...breakSteps(t),
  ...sessionSteps(t),
  ...quietSteps(t),
};

function report() {
  const complaints = (t.browser?.complaints ?? []).map((complaint) => `page: ${JSON.stringify(complaint)}`);
  return [...complaints, ...(t.daemon?.process.lines ?? []).map((line) => `daemon: ${line}`)];
}

async function close() {
  await t.publisher?.stop();
  await t.browser?.stop();
  t.service?.stop();
}

await runSteps(STEPS, { directory, report, close });
