/** Who did not get it, and why: first the reasons with their numbers, then the subscriptions. */

import { make } from '../../common/dom.js';
import { drawTime, redrawn } from '../cells.js';
import { number } from '../figures.js';
import { OUTCOMES } from '../outcomes.js';
import { pill } from '../pills.js';
import { createProblem } from '../problem.js';
import { hashOf } from '../router.js';
import { createTable } from '../table.js';

const ASKED = 1000;
const SHOWN = 50;
const PAUSE_MS = 3000; // between two looks, while deliveries go on
const TRIED = ['gone', 'expired', 'rejected', 'too_large'];

export function createFailures(context, path) {
  const note = make('p', { className: 'quiet' });
  const reasons = make('ul', { className: 'reasons' });
  const table = createTable({
    label: 'Failures', id: ({ subscription }) => subscription, columns: COLUMNS, onSort() {}, empty: 'None of them was tried.',
  });
  const problem = createProblem();
  const element = make('section', { className: 'panel failures', hidden: true },
    make('h2', { id: 'failures-title' }, 'Why not'), problem.element, note, reasons, table.element);
  element.setAttribute('aria-labelledby', 'failures-title');
  let [asked, wanted, timer, isAsking] = ['', '', null, false];

  async function ask() {
    timer = null;
    isAsking = true;
    asked = wanted;
    const answer = await context.call('GET', `${path}/failures?limit=${ASKED}`);
    isAsking = false;
    if (answer.ok) draw(answer.body);
    else problem.show(answer);
    if (asked !== wanted) timer = setTimeout(ask, PAUSE_MS);
  }

  function draw({ items, truncated }) {
    problem.clear();
    const all = truncated ? `the first ${number(items.length)}; there are more` : number(items.length);
    note.textContent = `Tried and not accepted: ${all}.`
      + (items.length > SHOWN ? ` Below are ${SHOWN} of them.` : '');
    reasons.replaceChildren(...grouped(items).map(reasonOf));
    table.show(items.slice(0, SHOWN));
  }

  return {
    element,
    /** Asks again when there are more of them. */
    show({ outcomes }) {
      wanted = TRIED.map((name) => outcomes[name]).join(' ');
      element.hidden = TRIED.every((name) => !outcomes[name]);
      if (!element.hidden && asked !== wanted && !timer && !isAsking) ask();
    },
    stop: () => clearTimeout(timer),
  };
}

/** The same outcome for the same reason counts as one; the most frequent comes first. */
function grouped(items) {
  const groups = new Map();
  for (const { outcome, status, reason } of items) {
    const key = `${outcome} ${status} ${reason}`;
    const group = groups.get(key) ?? { outcome, status, reason, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

const reasonOf = ({ outcome, status, reason, count }) =>
  make('li', {}, make('span', { className: 'reason-count' }, number(count)), pill(OUTCOMES[outcome] ?? outcome, 'bad'),
    make('span', { className: 'reason-text' }, status ? `${status}: ${reason}` : reason));

const COLUMNS = [
  { title: 'Subscription', field: 'subscription', head: true, wide: true, width: 14.5, draw: drawSubscription },
  { title: 'Outcome', field: 'outcome', width: 7, text: ({ outcome }) => OUTCOMES[outcome] ?? outcome },
  { title: 'Status', field: 'status', kind: 'number', width: 5,
    text: ({ status }) => (status === null ? '–' : String(status)) },
  { title: 'Reason', field: 'reason', width: 16, wide: true, text: ({ reason }) => reason },
  { title: 'Attempts', field: 'attempts', kind: 'number', width: 6, text: ({ attempts }) => number(attempts) },
  { title: 'At', field: 'at', width: 7, draw: (place, { at }) => drawTime(place, at) },
];

function drawSubscription(place, { subscription: id }) {
  redrawn(place, id, () => [make('a', { className: 'id', href: hashOf(['subscriptions'], { q: id }) }, make('code', {}, id))]);
}
