/** All actors: searched, sorted and paged by the daemon, of which a page is shown. */

import { choice, createPager, search, segments, toolbar } from '../controls.js';
import { age, number, rate } from '../figures.js';
import { actorHash, isActor, kindOf, KINDS, STATES } from '../kinds.js';
import { chosen, createListing } from '../listing.js';
import { drawMeter } from '../meter.js';
import { drawPill } from '../pills.js';
import { createProblem } from '../problem.js';
import { createTable, drawLink } from '../table.js';

const WINDOWS = { '10s': '10 s', '1m': '1 min', 'start': 'Since start' };
const LIMITS = { 25: '25', 50: '50', 100: '100', 200: '200' };
const STANDARD = { q: '', kind: '', state: '', sort: 'messages_per_second', order: 'desc', window: '10s', limit: '50', offset: '0' };
const words = (state) => state.replaceAll('_', ' ');

export const COLUMNS = [
  { title: 'Name', sort: 'name', field: 'name', least: 14, head: true, wide: true, draw: drawName },
  { title: 'Kind', field: 'kind', width: 12, wide: true, text: ({ kind }) => kindOf(kind) },
  { title: 'State', sort: 'state', field: 'state', width: 6.9, draw: (cell, { state }) => drawPill(cell, state) },
  { title: 'Arbiter', field: 'arbiter', width: 6, text: ({ arbiter }) => arbiter ?? '–' },
  { title: 'Mailbox', sort: 'mailbox', field: 'mailbox.now', kind: 'number', width: 5.2, text: ({ mailbox }) => number(mailbox.now) },
  { title: 'Peak', sort: 'mailbox_peak', field: 'mailbox.peak', kind: 'number', width: 3.9, text: ({ mailbox }) => number(mailbox.peak) },
  { title: 'Messages/s', sort: 'messages_per_second', field: 'messages_per_second', kind: 'number', width: 6.8, text: (row) => rate(row.messages_per_second) },
  { title: 'Busy', sort: 'busy', field: 'busy', kind: 'number', width: 7, draw: (cell, { busy }) => drawMeter(cell, busy) },
  { title: 'Restarts', sort: 'restarts', field: 'restarts', kind: 'number', width: 5.4, text: ({ restarts }) => number(restarts) },
  { title: 'Age', sort: 'age', field: 'age_seconds', kind: 'number', width: 6.2, text: (row) => age(row.age_seconds) },
];

export function drawName(cell, row) {
  if (isActor(row)) drawLink(cell, row.name, actorHash(row.id));
  else if (cell.textContent !== row.name) cell.textContent = row.name;
  cell.title = row.name === row.id ? row.name : `${row.name} (${row.id})`;
}

export const actors = { name: 'actors', title: 'Actors', needs: 'instance', key: 'a', mount };

function mount(main, context) {
  const choices = chosen(context.query, STANDARD);
  const problem = createProblem();
  const missing = createProblem();
  const table = createTable({
    label: 'Actors', columns: COLUMNS, id: (row) => row.id, onSort: (sort) => change({ ...sort, offset: '0' }),
    empty: 'No actor is like that.', hint: 'Actors without anything to do end by themselves.',
  });
  const pager = createPager({ onMove: (offset) => change({ offset: String(offset) }) });
  const change = createListing(context, {
    path: '/v1/observe/actors', choices, first: STANDARD, problem, onChange: table.sorted, onRows: show,
  });
  const narrow = (name) => (value) => change({ [name]: value, offset: '0' });
  const kinds = Object.fromEntries(Object.entries(KINDS).filter(([kind]) => isActor({ kind })));
  const states = Object.fromEntries(STATES.map((state) => [state, words(state)]));
  main.append(
    toolbar(
      search({ label: 'Search by name', value: choices.q, onChange: narrow('q') }),
      choice({ label: 'Kind', name: 'kind', options: { '': 'All', ...kinds }, value: choices.kind, onChange: narrow('kind') }),
      choice({ label: 'State', name: 'state', options: { '': 'All', ...states }, value: choices.state, onChange: narrow('state') }),
      segments({ label: 'Figures over', name: 'window', options: WINDOWS, value: choices.window, onChange: narrow('window') }),
      choice({ label: 'Rows', name: 'limit', options: LIMITS, value: choices.limit, onChange: narrow('limit') }),
    ),
    problem.element, missing.element, table.element, pager.element);
  change();

  function show({ items, total, matched, offset, silent }) {
    missing.tell(silent.length ? `Not all actors are here: ${silent.join(', ')} did not answer in time.` : '');
    table.show(items);
    pager.show({ offset, limit: Number(choices.limit), shown: items.length, matched, total });
  }
}
