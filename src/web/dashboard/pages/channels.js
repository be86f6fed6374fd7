/** Channels: who listens, how far their logs are, and what is still open. */

import { make, setText } from '../../common/dom.js';
import { drawTime, redrawn } from '../cells.js';
import { createPager, search, toolbar } from '../controls.js';
import { createDialog } from '../dialog.js';
import { number } from '../figures.js';
import { chosen, createListing } from '../listing.js';
import { drawPill } from '../pills.js';
import { createProblem, explain } from '../problem.js';
import { hashOf } from '../router.js';
import { createTable, drawLink } from '../table.js';

const PATH = '/v1/observe/channels';
const FIRST = { q: '', sort: 'name', order: 'asc' };
const LIMIT = 50;
const DEEPEST = 10_000; // offset: what is farther is found by its name

export const channels = { name: 'channels', title: 'Channels', needs: 'read', key: 'h', mount };

function mount(main, context) {
  const { acting } = context.overview;
  const choices = { ...chosen(context.query, FIRST), limit: LIMIT, offset: 0 };
  const problem = createProblem();
  const table = createTable({
    label: 'Channels', id: ({ name }) => name, columns: columns(acting, ask), onSort: (sorted) => change({ ...sorted, offset: 0 }),
    empty: 'No channel here.', hint: 'One is there as soon as a browser subscribes to it, or something is sent to it.',
  });
  const pager = createPager({ onMove: (offset) => change({ offset }) });
  const change = createListing(context, {
    path: PATH, choices, first: FIRST, problem, onChange: table.sorted,
    onRows({ matched, items }) {
      table.show(items);
      const { offset } = choices;
      const more = matched === null ? items.length === LIMIT && offset < DEEPEST : undefined;
      pager.show({ offset, limit: LIMIT, shown: items.length, matched, more });
    },
  });
  main.append(
    toolbar(search({ label: 'A name’s beginning', value: choices.q, onChange: (q) => change({ q, offset: 0 }) })),
    problem.element, table.element, pager.element);
  change();

  async function ask({ name, paused }) {
    const act = paused ? 'resume' : 'pause';
    const work = async () => {
      const answer = await context.call('POST', `${PATH}/${act}`, { app: context.overview.app, channel: name });
      if (!answer.ok) return explain(answer);
      context.announce(paused ? `${name} goes on.` : `${name} is paused.`);
      return '';
    };
    await createDialog(paused ? resuming(name, work) : pausing(name, work));
  }
}

function columns(acting, ask) {
  const all = [
    { title: 'Channel', field: 'name', head: true, sort: 'name', width: 18, wide: true,
      draw: (place, { name }) => drawLink(place, name, hashOf(['notifications'], { channel: name })) },
    { title: 'Subscribers', field: 'subscribers', kind: 'number', sort: 'subscribers', width: 8, draw: drawSubscribers },
    { title: 'Last number', field: 'head', kind: 'number', width: 8, text: ({ head }) => number(head),
      explained: 'The number of its newest notification' },
    { title: 'Open', field: 'open', kind: 'number', sort: 'open', width: 6, text: ({ open }) => number(open),
      explained: 'Notifications of which some delivery has no outcome yet' },
    { title: 'Scheduled', field: 'scheduled', kind: 'number', width: 7, text: ({ scheduled }) => number(scheduled) },
    { title: 'Oldest pending', field: 'oldest_pending', width: 9, wide: true, draw: (place, row) => drawTime(place, row.oldest_pending) },
    { title: 'State', field: 'paused', width: 7, draw: (place, { paused }) => drawPill(place, paused ? 'paused' : paused === false && 'active') },
  ];
  if (acting) all.push({ title: 'Act', width: 7, draw: (place, row) => drawAct(place, row, ask) });
  return all;
}

/** The same link, while its count changes: it may have the focus. */
function drawSubscribers(place, { name, subscribers }) {
  redrawn(place, name, () => [make('a', { href: hashOf(['subscriptions'], { channel: name }) })]);
  setText(place.firstElementChild, number(subscribers));
}

function drawAct(place, row, ask) {
  let button = place.firstElementChild;
  if (!button) {
    place.replaceChildren((button = make('button', { type: 'button', className: 'plain' })));
    button.addEventListener('click', () => ask(place.row));
  }
  place.row = row;
  const word = row.paused ? 'Resume' : 'Pause';
  if (button.textContent !== word) button.textContent = word;
  button.setAttribute('aria-label', `${word} ${row.name}`);
}

const pausing = (name, work) => ({
  title: 'Pause this channel?',
  body: [make('p', {}, 'Nothing of ', make('code', {}, name), ' is sent until you resume it, also after a restart. It still takes '
    + 'notifications; what waits too long for its TTL expires. Other channels go on.')],
  confirm: { label: 'Pause', busy: 'Pausing …', danger: true, work },
});

const resuming = (name, work) => ({
  title: 'Resume this channel?',
  body: [make('p', {}, 'What waits in ', make('code', {}, name), ' goes out at once, in its order.')],
  confirm: { label: 'Resume', busy: 'Resuming …', work },
});
