/** Who did what to this instance, newest first. */

import { createCursorPager } from '../controls.js';
import { timeOf } from '../figures.js';
import { createProblem } from '../problem.js';
import { createTable } from '../table.js';

const LIMIT = 50;

const COLUMNS = [
  { title: 'When', field: 'at', width: 8.5, head: true, draw: (cell, { at }) => cell.dataset.at === at || ((cell.dataset.at = at), cell.replaceChildren(timeOf(at))) },
  { title: 'What', field: 'act', width: 8, text: ({ act }) => act.replaceAll('-', ' ') },
  { title: 'To what', field: 'target', least: 18, wide: true, text: ({ target }) => target || '–' },
  { title: 'Who', field: 'key', width: 15, wide: true, text: ({ title, key }) => (title ? `${title} · ${key}` : key) },
  { title: 'From', field: 'address', width: 8.5, text: ({ address }) => address ?? '–' },
  { title: 'Request', field: 'request', width: 11, wide: true, text: ({ request }) => request ?? '–' },
];

export const audit = { name: 'audit', title: 'Audit', needs: 'instance', key: 'u', mount };

function mount(main, context) {
  const problem = createProblem();
  const table = createTable({
    label: 'Audit log', columns: COLUMNS, id: (row) => row.id,
    empty: 'Nothing was done yet.', hint: 'Killing, pausing, draining and changing the log’s level are written down here.',
  });
  const pager = createCursorPager({ onMove: follow });
  main.append(problem.element, table.element, pager.element);
  let stop = () => {};
  follow('');

  function follow(cursor) {
    stop();
    const query = new URLSearchParams({ limit: LIMIT, every: 5, ...(cursor && { cursor }) });
    stop = context.watch(`/v1/observe/audit?${query}`, ({ items, next }) => {
      problem.clear();
      table.show(items);
      pager.show(next);
    }, problem.show);
  }
}
