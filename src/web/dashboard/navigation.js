/** The links to the pages that this key may see, and how many warnings there are. */

import { $, make } from '../common/dom.js';
import { GROUPS, maySee } from './pages.js';
import { askAgain } from './watch.js';

const EVERY_SECONDS = 5; // warnings last

/** Shows them; answers how to stop following the warnings. */
export function showNavigation(overview) {
  const groups = GROUPS.map(({ title, pages }) => ({ title, pages: pages.filter((page) => maySee(page, overview)) }));
  $('nav').replaceChildren(...groups.filter(({ pages }) => pages.length).map(groupOf));
  const place = document.querySelector('#nav [data-to="warnings"]');
  return place ? followWarnings(place) : () => {};
}

function groupOf({ title, pages }) {
  const id = `nav-${title.toLowerCase()}`;
  const links = pages.map((page) => {
    const link = make('a', { href: `#/${page.name}` }, page.title);
    link.dataset.to = page.name;
    return make('li', {}, link);
  });
  const list = make('ul', {}, ...links);
  list.setAttribute('aria-labelledby', id);
  return make('div', { className: 'nav-group' }, make('p', { id, className: 'nav-title' }, title), list);
}

function followWarnings(link) {
  const count = make('span', { className: 'nav-count', id: 'warning-count' });
  link.append(count);
  return askAgain('/v1/observe/warnings', EVERY_SECONDS, ({ ok, body: { items } }) => {
    if (!ok) return;
    const critical = items.some(({ severity }) => severity === 'critical');
    count.textContent = items.length || '';
    count.dataset.severity = critical ? 'critical' : 'warning';
    $('menu').toggleAttribute('data-warned', items.length > 0);
  });
}
