/** What is wrong or soon will be, what to do about it, and where to look. */

import { capitalized, make, putInOrder, setText } from '../../common/dom.js';
import { clock, number, timeOf } from '../figures.js';
import { drawPill } from '../pills.js';
import { createProblem, nothing } from '../problem.js';

const TITLES = {
  mailbox_over_bound: 'A mailbox is over its bound',
  slow_handler: 'A handler took more than a second',
  restart_loop: 'An actor restarts again and again',
  given_up: 'A supervisor has given a child up',
  vapid_key_paused: 'A push service refuses a VAPID key',
  origin_shut: 'A push service is shut out',
  clock_skew: 'The clocks differ',
  vapid_subject_missing: 'The VAPID subject is missing',
  store_slow: 'The store is slow',
  store_unwritable: 'The store cannot be written',
  files_nearly_used_up: 'Few open files are left',
  disk_nearly_full: 'The disk is nearly full',
  quarantine_open: 'A quarantine is open',
  push_service_paused: 'A push service is paused',
  channel_paused: 'A channel is paused',
  draining: 'The node is drained',
};

const titleOf = (code) => TITLES[code] ?? capitalized(code.replaceAll('_', ' '));

export const warnings = { name: 'warnings', title: 'Warnings', needs: 'instance', key: 'w', mount };

function mount(main, context) {
  const problem = createProblem();
  const list = make('ul', { className: 'warnings' });
  const none = nothing('Nothing to warn of.', 'Mailboxes, handlers, restarts, push services, clocks, store and disk are as they should be.');
  none.hidden = true;
  main.append(problem.element, list, none);
  const rows = new Map();
  context.watch('/v1/observe/warnings', ({ items }) => {
    problem.clear();
    none.hidden = items.length > 0;
    list.hidden = items.length === 0;
    const wanted = new Map(items.map((item) => [`${item.code} ${item.subject}`, item]));
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const [id, item] of wanted) {
      if (!rows.has(id)) rows.set(id, createWarning(id, item));
      rows.get(id).show(item);
    }
    putInOrder(list, [...wanted.keys()].map((id) => rows.get(id).element));
  }, problem.show);
}

function createWarning(id, { code, subject, page }) {
  const severity = make('span');
  const detail = field('p', 'detail');
  const remedy = make('span');
  const since = make('span');
  const element = make('li', { className: 'warning' },
    make('div', { className: 'warning-head' }, severity, make('h2', {}, titleOf(code)),
      subject ? make('code', { className: 'subject' }, subject) : ''),
    detail,
    make('p', { className: 'remedy' }, make('strong', {}, 'What to do: '), remedy),
    make('p', { className: 'warning-foot quiet' }, since, page ? make('a', { href: `#/${page}` }, leadingTo(page)) : ''));
  element.dataset.id = id;
  return {
    element,
    show(item) {
      drawPill(severity, item.severity);
      element.dataset.severity = item.severity;
      setText(detail, item.detail);
      setText(remedy, item.remedy ?? '');
      const key = [item.since, item.last, item.count].join();
      if (since.dataset.key === key) return;
      since.dataset.key = key;
      since.replaceChildren('Since ', timeOf(item.since),
        ...(item.count > 1 ? [`, ${number(item.count)} times, last at ${clock(item.last)}`] : []));
    },
  };
}

/** Words for a link: `actors/ID` leads to one actor, the others to a page. */
function leadingTo(page) {
  return page.startsWith('actors/') ? 'To the actor' : `To ${page.replaceAll('-', ' ')}`;
}

function field(tag, name) {
  const element = make(tag);
  element.dataset.field = name;
  return element;
}
