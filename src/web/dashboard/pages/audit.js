/** Who did what to this instance, newest first. */

import { make, onPress } from '../../common/dom.js';
import { createCursorPager } from '../controls.js';
import { timeOf } from '../figures.js';
import { createProblem } from '../problem.js';
import { createTable } from '../table.js';

const LIMIT = 50;

const COLUMNS = [
  { title: 'When', field: 'at', width: 8.5, head: true, draw: (cell, { at }) => cell.dataset.at === at || ((cell.dataset.at = at), cell.replaceChildren(timeOf(at))) },
  { title: 'What', field: 'act', width: 9, text: ({ act }) => act.replaceAll('-', ' ') },
  { title: 'To what', field: 'target', least: 14, wide: true, text: ({ target }) => target || '–' },
  { title: 'Who', field: 'key', least: 18, wide: true, text: ({ title, key }) => (title ? `${title} · ${key}` : key) },
  { title: 'From', field: 'address', width: 8.5, wide: true, text: ({ address }) => address ?? '–' },
  { title: 'Request', field: 'request', width: 11, wide: true, text: ({ request }) => request ?? '–' },
];

export const audit = { name: 'audit', title: 'Audit', needs: 'instance', key: 'u', mount };

function mount(main, context) {
  const problem = createProblem();
  const table = createTable({
    label: 'Audit log', columns: COLUMNS, id: (row) => row.id,
    empty: 'Nothing was done yet.', hint: 'Killing, pausing, draining and changing the log’s level are written down here.',
  });
  const pager = createCursorPager({ onMove: ask });
  const anew = make('button', { type: 'button', className: 'small', id: 'anew' }, 'Ask anew');
  let place = '';
  let isGone = false;
  onPress(anew, 'Asking …', () => ask(place));
  context.tools.append(anew);
  main.append(problem.element, table.element, pager.element);
  ask('');
  return () => (isGone = true);

  /** Once: what is written there stays, and is looked at after something was done. */
  async function ask(cursor) {
    place = cursor;
    const query = new URLSearchParams({ limit: LIMIT, ...(cursor && { cursor }) });
    const answer = await context.call('GET', `/v1/observe/audit?${query}`);
    if (isGone || place !== cursor) return;
    if (answer.ok) {
      problem.clear();
      table.show(answer.body.items);
      pager.show(answer.body.next);
    } else {
      problem.show(answer);
    }
    context.ready();
  }
}
