/** Log lines as they come: the newest below, in a frame of their own that follows them while its end is in sight. */

import { make } from '../common/dom.js';
import { fineClock, moment } from './figures.js';
import { nothing } from './problem.js';
import { actorHash } from './kinds.js';

const MOST = 500; // in the document
const NEAR_PX = 40; // of the end

/** `onFollow(follows)`: whether its end is in sight. Answers `{ element, add(lines, event), clear(), toEnd() }`. */
export function createLines({ label, empty = 'No lines yet.', onFollow = () => {} }) {
  const list = make('ol', { className: 'lines' });
  const frame = make('div', { className: 'lines-frame', role: 'log', ariaLabel: label, tabIndex: 0 }, list);
  frame.setAttribute('aria-live', 'off'); // it would never stop talking
  const none = nothing(empty);
  let last = null;
  let follows = true;
  frame.addEventListener('scroll', () => {
    const isNear = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_PX;
    if (isNear === follows) return;
    follows = isNear;
    onFollow(follows);
  });
  return {
    element: make('div', { className: 'lines-box' }, frame, none),
    /** Those that are not there yet. After a break, or a new start of the daemon, which counts from 1 again, it goes on. */
    add(lines, event) {
      const fresh = last ? lines.filter((line) => isAfter(line, last)) : lines;
      // None of them is known already: some may be missing in between.
      if (event === 'snapshot' && last && fresh.length && fresh.length === lines.length) list.append(createGap());
      last = fresh.at(-1) ?? last;
      list.append(...fresh.slice(-MOST).map(drawLine));
      while (list.childElementCount > MOST) list.firstElementChild.remove();
      none.hidden = list.childElementCount > 0;
      if (follows) frame.scrollTop = frame.scrollHeight;
    },
    clear() {
      list.replaceChildren();
      last = null;
      none.hidden = true;
    },
    toEnd() {
      follows = true;
      frame.scrollTop = frame.scrollHeight;
    },
  };
}

const isAfter = (line, last) => line.at > last.at || (line.at === last.at && line.n > last.n);

const createGap = () => make('li', { className: 'line line-gap' }, 'Lines in between are not shown.');

function drawLine({ n, at, level, target, message, fields, actor, request, notification, subscription }) {
  const links = [
    actor && make('a', { href: actorHash(actor), className: 'line-link' }, actor),
    notification && make('a', { href: `#/notifications/${notification}`, className: 'line-link' }, notification),
    request && make('span', { className: 'line-field' }, `request=${request}`),
    subscription && make('span', { className: 'line-field' }, `subscription=${subscription}`),
  ].filter(Boolean);
  const own = ['actor', 'request', 'notification', 'subscription'];
  const written = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const rest = Object.entries(fields ?? {}).filter(([name]) => !own.includes(name))
    .map(([name, value]) => make('span', { className: 'line-field' }, `${name}=${written(value)}`));
  const line = make('li', { className: 'line' },
    make('time', { dateTime: at, title: moment(at) }, fineClock(at)),
    make('span', { className: 'line-level' }, level),
    make('span', { className: 'line-text' },
      make('span', { className: 'line-message' }, message), ...[...rest, ...links].flatMap((part) => [' ', part]), ' ',
      make('span', { className: 'line-target' }, target ?? '')));
  line.dataset.id = n;
  line.dataset.level = level;
  return line;
}
