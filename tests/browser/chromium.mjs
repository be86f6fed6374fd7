// A real Chromium, the real daemon, a push service and a desktop of the test's own: the worker, the demo page by mouse
// and keyboard, how the pages look and read, and that they ask nobody else.
//
//   node tests/browser/chromium.mjs [path to the fanfare binary] [--screenshots DIR]     CHROMIUM names the browser

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { App } from './chromium/app.mjs';
import { accessibilitySteps } from './chromium/accessibility-steps.mjs';
import { Chromium } from './chromium/browser.mjs';
import { demoSteps } from './chromium/demo-steps.mjs';
import { Desktop } from './chromium/desktop.mjs';
import { hindranceSteps } from './chromium/hindrance-steps.mjs';
import { layoutSteps } from './chromium/layout-steps.mjs';
import { quietSteps } from './chromium/quiet-steps.mjs';
import { stateSteps } from './chromium/state-steps.mjs';
import { SilentService, Subscribers } from './chromium/subscribers.mjs';
import { troubleSteps } from './chromium/trouble-steps.mjs';
import { workerSteps } from './chromium/worker-steps.mjs';
import { Daemon } from './daemon.mjs';
import { PushService } from './push-service.mjs';
import { runSteps } from './steps.mjs';

const { values: { screenshots }, positionals } = parseArgs({
  allowPositionals: true, options: { screenshots: { type: 'string' } },
});
const binary = resolve(positionals[0] ?? join(import.meta.dirname, '../../target/debug/fanfare'));
const directory = mkdtempSync(join(tmpdir(), 'fanfare-chromium-'));
/** What the steps share. */
const t = { screenshots };

/** In order; each builds on the ones before it. */
const STEPS = {
  async 'the daemon, its push service, a desktop and Chromium start'() {
    t.service = await PushService.start(directory);
    // Every port of this machine: one of them belongs to a push service that never answers.
    t.daemon = await Daemon.start(binary, directory, { authority: '127.0.0.0/8', caFile: t.service.caFile });
    t.silent = await SilentService.start();
    t.subscribers = await Subscribers.connect(t.service, t.daemon);
    t.app = await App.start(t.daemon);
    await t.daemon.call('PATCH', '/v1/apps/default', { origins: [t.app.origin] });
    t.key = (await t.daemon.call('POST', '/v1/apps/default/keys', { scopes: ['notify', 'read'] })).key;
    t.desktop = await Desktop.start(directory);
    t.browser = await Chromium.start(process.env.CHROMIUM ?? 'chromium', directory, t.desktop.address);
    for (const { origin } of [t.daemon, t.app]) await t.browser.setNotifications(origin, 'granted');
  },
  ...workerSteps(t),
  ...demoSteps(t),
  ...layoutSteps(t),
  ...accessibilitySteps(t),
  ...stateSteps(t),
  ...hindranceSteps(t),
  ...troubleSteps(t),
  ...quietSteps(t),
};

function report() {
  const complaints = (t.browser?.complaints ?? []).map((complaint) => `page: ${JSON.stringify(complaint)}`);
  return [...complaints, ...(t.daemon?.process.lines ?? []).map((line) => `daemon: ${line}`)];
}

async function close() {
  await t.browser?.stop();
  t.desktop?.stop();
  t.subscribers?.close();
  t.app?.stop();
  t.silent?.stop();
  await t.service?.stop();
}

await runSteps(STEPS, { directory, report, close });
