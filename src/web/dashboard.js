/** The dashboard: a key first, then its pages. Each part is a module of its own under dashboard/; this starts them. */

import { askForKey } from './dashboard/login.js';
import { resume, onEnd } from './dashboard/session.js';
import { hideShell, showShell } from './dashboard/shell.js';
import { startShortcuts } from './dashboard/shortcuts.js';

async function start(reason) {
  hideShell();
  const kept = reason ? { problem: reason } : await resume();
  showShell(kept.overview ?? await askForKey(kept.problem));
}

onEnd(start);
startShortcuts();
start();
