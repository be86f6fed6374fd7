/** One notification: how far it is, live, who did not get it and why, and what can be done about it. */

import { make, setText } from '../../common/dom.js';
import { pill } from '../pills.js';
import { createActs } from '../notification/acts.js';
import { createFacts } from '../notification/facts.js';
import { createFailures } from '../notification/failures.js';
import { createOutcomes, drawBar, failedOf, sentenceOf } from '../outcomes.js';
import { createProblem } from '../problem.js';
import { hashOf } from '../router.js';
import { panel } from '../panel.js';

const SETTLING_SECONDS = 5;

export const notification = {
  name: 'notification', path: 'notifications/:id', under: 'notifications', title: 'Notification', needs: 'read', mount,
};

function mount(main, context) {
  const { id } = context.params;
  const path = `/v1/notifications/${encodeURIComponent(id)}`;
  const state = make('span');
  const said = make('p', { role: 'status', className: 'notification-said' }, 'Asking …');
  const bar = make('div', { className: 'notification-bar' });
  const outcomes = createOutcomes();
  const facts = createFacts();
  const failures = createFailures(context, path);
  const acts = createActs(context, path, { onChange: show });
  const problem = createProblem();
  context.title(id, make('code', { className: 'id' }, id));
  context.tools.append(acts.element);
  const progress = panel('progress', 'How it goes', make('div', { className: 'notification-state' }, state, said), bar, outcomes.element);
  const columns = make('div', { className: 'notification' }, progress, facts.element, failures.element);
  columns.hidden = true;
  main.prepend(make('p', { className: 'trail' }, make('a', { href: hashOf(['notifications']) }, 'Notifications')));
  main.append(problem.element, columns);

  function show(status) {
    problem.clear();
    columns.hidden = false;
    state.replaceChildren(pill(status.state));
    drawBar(bar, status.outcomes);
    outcomes.show(status.outcomes);
    facts.show(status);
    acts.show(status);
    failures.show(status);
    setText(said, sayingOf(status));
  }

  const stop = context.watch(`${path}/events`, (status, event) => {
    show(status);
    if (event !== 'done') return;
    stop(); // the daemon closes it
    // What was in flight when it was cancelled still gets its outcome, and devices say what became of it.
    context.askAgain(path, SETTLING_SECONDS, (answer) => (answer.ok ? show(answer.body) : problem.show(answer)));
  }, problem.show);
  return failures.stop;
}

/** Read out when it changes: the same while it is delivered, and not another with each delivery. */
function sayingOf({ state, recipients, outcomes, send_at: due }) {
  if (state === 'scheduled') return `It goes out ${new Date(due).toLocaleString()}.`;
  if (state === 'delivering') return 'It is being delivered.';
  if (state === 'cancelled') return 'It was cancelled: what was not sent by then is not sent.';
  if (!recipients) return 'Nobody was in its channel.';
  return failedOf(outcomes) ? `${sentenceOf(outcomes)}.` : 'Every delivery has its outcome.';
}
