/** A list that the daemon filters, sorts and cuts into pages. What was chosen stands in the page's URL, but for the page. */

import { createCursorPager } from './controls.js';
import { createProblem } from './problem.js';

const LIMIT = 50;
const SPARSE_SECONDS = 5; // between two looks that find nothing in many rows
const LOOKED_AT = '20,000'; // rows, for one page

/**
 * `choices`: what is asked for, by the names of the daemon's query. `first`: those that a link keeps, and what they are where it
 * says nothing. `onChange(choices)` before it is asked; `onRows(answer, event)`. Answers `change(changed)`, which asks anew.
 */
export function createListing(context, { path, choices, first, problem, onChange = () => {}, onRows }) {
  let stop = () => {};
  return (changed = {}) => {
    stop();
    Object.assign(choices, changed);
    onChange(choices);
    const own = Object.keys(first).filter((name) => choices[name] !== first[name]);
    context.remember(Object.fromEntries(own.map((name) => [name, choices[name]])));
    const query = new URLSearchParams(Object.entries(choices).filter(([, value]) => value !== ''));
    stop = context.watch(`${path}?${query}`, (answer, event) => {
      problem.clear();
      onRows(answer, event);
    }, problem.show);
  };
}

/**
 * One whose pages follow by cursor, newest first, with its pager and its problem. `first`: its filters, and what they are to
 * begin with. A page may be empty and have others after it: the daemon looks at so many rows and no further. Then it says so,
 * and is asked for less often. Answers `{ choices, filter(changed), problem, pager }`; it begins with `filter()`.
 */
export function createCursorListing(context, { path, first, table }) {
  const choices = { ...chosen(context.query, first), limit: LIMIT, cursor: '', every: '' };
  const problem = createProblem();
  const pager = createCursorPager({ onMove: (cursor) => change({ cursor, every: '' }) });
  const change = createListing(context, {
    path, choices, first, problem,
    onRows({ items, next }) {
      const isSparse = !items.length && Boolean(next);
      table.show(items, isSparse ? noneOf(choices) : undefined);
      pager.show(next);
      if (isSparse && !choices.every) change({ every: SPARSE_SECONDS });
    },
  });
  const filter = (changed = {}) => {
    pager.reset();
    change({ ...changed, cursor: '', every: '' });
  };
  return { choices, filter, problem, pager };
}

const noneOf = ({ cursor }) =>
  [`None among ${cursor ? 'these' : 'the newest'} ${LOOKED_AT}.`, 'There are older ones: “Older” looks among those.'];

/** The choices of the URL's query, and these where it has none. */
export const chosen = (query, first) =>
  Object.fromEntries(Object.entries(first).map(([name, value]) => [name, query[name] ?? value]));
