/** Draining the node: no new push starts, until it is resumed or started again. For those who may act. */

import { make } from '../../common/dom.js';
import { createDialog } from '../dialog.js';
import { number } from '../figures.js';
import { explain } from '../problem.js';

const ASKED_AGAIN_MS = 5000;

/** `refresh()`, called as often as one likes, asks now and then. */
export function createDrain(context) {
  const note = make('p', { role: 'status' });
  const button = make('button', { type: 'button', id: 'drain' });
  const banner = make('div', { className: 'draining panel', hidden: true }, note);
  let isDraining = null;
  let asked = 0;
  if (context.overview.acting) context.tools.append(button);
  button.addEventListener('click', () => createDialog(isDraining ? resuming : draining));

  function show(now) {
    if (now === isDraining) return;
    isDraining = now;
    button.textContent = now ? 'Resume delivery' : 'Drain';
    banner.hidden = !now;
    if (now && !note.textContent) note.textContent = 'Delivery is drained: no new push starts. Notifications are still accepted.';
    if (!now) note.textContent = '';
  }

  const act = (path, tell) => async () => {
    const answer = await context.call('POST', path);
    if (!answer.ok) return explain(answer);
    note.textContent = tell(answer.body);
    show(answer.body.draining);
    return '';
  };

  const draining = {
    title: 'Drain this node?',
    body: [make('p', {}, 'No new push starts, and those under way settle. Notifications are still accepted and wait; what waits too '
      + 'long for its TTL expires. The readiness check fails, so that a load balancer looks elsewhere.')],
    confirm: { label: 'Drain', busy: 'Draining …', danger: true, work: act('/v1/observe/drain',
      ({ under_way: left }) => `Delivery is drained: no new push starts; ${number(left)} were under way. Notifications are still accepted.`) },
  };
  const resuming = {
    title: 'Resume delivery?',
    body: [make('p', {}, 'All that waits goes out.')],
    confirm: { label: 'Resume delivery', busy: 'Resuming …', work: act('/v1/observe/resume', () => '') },
  };
  /** It may be drained from elsewhere; `draining` is absent where the daemon cannot be. */
  async function ask() {
    asked = performance.now();
    const { ok, body } = await context.call('GET', '/v1/observe');
    if (ok && body.draining !== undefined) show(body.draining);
  }

  show(context.overview.draining ?? false);
  return { element: banner, refresh: () => performance.now() - asked > ASKED_AGAIN_MS && ask() };
}
