/** System: the process and the machine, what is used of each limit, the store, the journal, the threads and the queues. */

import { make } from '../../common/dom.js';
import { bytes, number } from '../figures.js';
import { kindOf } from '../kinds.js';
import { drawMeter } from '../meter.js';
import { createProblem } from '../problem.js';
import { createDrain } from '../system/drain.js';
import { FIGURES, HTTP, JOURNAL, PROCESS, STORE } from '../system/facts.js';
import { createFigures, createList, panel } from '../panel.js';
import { createTable } from '../table.js';

/** What these limits are of; the others are plain numbers. */
const WRITE = { disk: bytes, memory: bytes };

export const system = { name: 'system', title: 'System', needs: 'instance', key: 'y', mount };

function mount(main, context) {
  const problem = createProblem();
  const figures = createFigures(FIGURES);
  const lists = [createList(PROCESS), createList(STORE), createList(JOURNAL), createList(HTTP)];
  const tables = TABLES.map(({ label, columns }) =>
    createTable({ label, id: ({ name }) => name, columns, onSort() {}, empty: 'None.' }));
  const drain = createDrain(context);
  const [limits, arbiters, queues] = tables.map(({ element }) => element);
  const [process, store, journal, http] = lists.map(({ element }) => element);
  const column = (...panels) => make('div', { className: 'system-column' }, ...panels);
  const body = make('div', { className: 'system', hidden: true },
    figures.element,
    panel('arbiters', 'Arbiters', make('p', { className: 'quiet' }, 'The threads that actors live on.'), arbiters),
    column(panel('limits', 'Against the limits', limits), panel('queues', 'Queues', queues)),
    column(panel('journal', 'Journal', journal), panel('http', 'HTTP', http)),
    column(panel('process', 'Process', process)),
    column(panel('store', 'Store', store)));
  main.append(problem.element, drain.element, body);
  context.watch('/v1/observe/system', (now) => {
    problem.clear();
    body.hidden = false;
    context.note(`Fanfare ${now.version}`);
    figures.show(now);
    lists.forEach((list) => list.show(now));
    [now.limits, now.arbiters, now.queues].forEach((rows, at) => tables[at].show(rows));
    drain.refresh();
  }, problem.show);
}

const name = { title: 'Name', field: 'name', head: true, wide: true, width: 10, text: ({ name: called }) => called };

const TABLES = [
  { label: 'Limits', columns: [
    name,
    { title: 'Used', field: 'used', kind: 'number', width: 6, text: (row) => written(row, row.used) },
    { title: 'Limit', field: 'limit', kind: 'number', width: 6, text: (row) => written(row, row.limit) },
    { title: 'Share', field: 'share', width: 8, wide: true, draw: (place, row) => drawMeter(place, row.share) },
  ] },
  { label: 'Arbiters', columns: [
    name,
    { title: 'Busy', field: 'utilisation', width: 9, wide: true, draw: (place, row) => drawMeter(place, row.utilisation) },
    { title: 'Actors', field: 'actors', kind: 'number', width: 6, text: ({ actors }) => number(actors) },
    { title: 'Mailboxes', field: 'mailbox', kind: 'number', width: 6, text: ({ mailbox }) => number(mailbox) },
    { title: 'Credits in use', field: 'credits', width: 10, wide: true, draw: drawCredits,
      explained: 'Deliveries that it has taken on, of those that it may have' },
  ] },
  { label: 'Queues', columns: [
    { ...name, width: 13, text: ({ name: called }) => queueOf(called) },
    { title: 'Waiting', field: 'now', kind: 'number', width: 5, text: ({ now }) => number(now) },
    { title: 'Bound', field: 'bound', kind: 'number', width: 5, text: ({ bound }) => (bound === null ? 'none' : number(bound)) },
    { title: 'Share', field: 'share', width: 6, wide: true,
      draw: (place, { now, bound }) => (bound ? drawMeter(place, now / bound) : place.replaceChildren('–')) },
  ] },
];

/** `mailbox.ChannelWorker`, `journal.changes` */
function queueOf(called) {
  const [place, of] = called.split('.');
  return place === 'mailbox' ? `To: ${kindOf(of)}` : called.replace('.', ' ');
}

const written = (row, value) => (WRITE[row.name] ?? number)(value);

/** All of them in use is how a fan-out looks: no harm. */
function drawCredits(place, { credits }) {
  if (!credits) return place.replaceChildren('–');
  const used = credits.all - credits.free;
  drawMeter(place, used / credits.all, { text: `${number(used)} of ${number(credits.all)}`, calm: true });
}
