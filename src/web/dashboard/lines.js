/** Log lines as they come: the newest below, in a frame of their own that follows them while its end is in sight. */

import { make } from '../common/dom.js';
import { fineClock, moment, number } from './figures.js';
import { nothing } from './problem.js';
import { actorHash } from './kinds.js';

const MOST = 500; // in the document
const NEAR_PX = 40; // of the end
const GAP = 'Lines in between are not shown.';

/** `onFollow(follows)`: whether its end is in sight. Answers `{ element, add(news, event), clear(), toEnd() }`. */
export function createLines({ label, empty = 'No lines yet.', onFollow = () => {} }) {
  const list = make('ol', { className: 'lines' });
  const frame = make('div', { className: 'lines-frame', role: 'log', ariaLabel: label, tabIndex: 0 }, list);
  frame.setAttribute('aria-live', 'off'); // it would never stop talking
  const none = nothing(empty);
  let last = null;
  let gap = ''; // what is to stand before the next line
  let follows = true;
  frame.addEventListener('scroll', () => {
    const isNear = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_PX;
    if (isNear === follows) return;
    follows = isNear;
    onFollow(follows);
  });
  return {
    element: make('div', { className: 'lines-box' }, frame, none),
    /**
     * An event `lines` has later ones alone. A `snapshot`, after a break, may begin with lines that are there: what follows
     * the last of those is new. Where it does not have that one, or the daemon had to drop some, a gap says so.
     */
    add({ lines, dropped }, event) {
      const known = event === 'snapshot' && last ? lines.findLastIndex(({ n, at }) => n === last.n && at === last.at) : -1;
      if (event === 'snapshot' && last && known < 0) gap = GAP;
      if (dropped) gap = `${number(dropped)} lines came faster than they could be kept.`;
      const fresh = lines.slice(known + 1);
      if (!fresh.length) return show();
      if (gap) list.append(make('li', { className: 'line line-gap' }, gap));
      [gap, last] = ['', fresh.at(-1)];
      list.append(...fresh.slice(-MOST).map(drawLine));
      while (list.childElementCount > MOST) list.firstElementChild.remove();
      show();
    },
    clear() {
      list.replaceChildren();
      [gap, last] = ['', null];
      none.hidden = true;
    },
    toEnd() {
      follows = true;
      frame.scrollTop = frame.scrollHeight;
    },
  };

  function show() {
    none.hidden = list.childElementCount > 0;
    if (follows) frame.scrollTop = frame.scrollHeight;
  }
}

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
