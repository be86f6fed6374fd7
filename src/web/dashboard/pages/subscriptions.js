/** Subscriptions: how each browser's deliveries go. Never its endpoint, nor its keys. */

import { make } from '../../common/dom.js';
import { drawTime, redrawn } from '../cells.js';
import { choice, search, toolbar } from '../controls.js';
import { age, number, timeOf } from '../figures.js';
import { createCursorListing } from '../listing.js';
import { drawPill } from '../pills.js';
import { PUSH_SERVICES } from '../push-services/names.js';
import { hashOf } from '../router.js';
import { createTable } from '../table.js';

const PATH = '/v1/observe/subscriptions';
const STATES = { '': 'any', active: 'active', waiting: 'waiting', gone: 'gone', quarantined: 'held back' };
const NAMED = 3; // channels; the rest are a number

export const subscriptions = { name: 'subscriptions', title: 'Subscriptions', needs: 'read', key: 's', mount };

function mount(main, context) {
  const table = createTable({
    label: 'Subscriptions', id: ({ id }) => id, columns: COLUMNS, onSort() {},
    empty: 'No subscription here.', hint: 'Try fewer filters; or nobody has subscribed yet.',
  });
  const { choices, filter, problem, pager } = createCursorListing(context, { path: PATH, first: { q: '', channel: '', state: '', push_service: '' }, table });
  main.append(
    toolbar(
      search({ label: 'Its name', placeholder: 'sub_…', value: choices.q, onChange: (wanted) => filter({ q: wanted }) }),
      search({ label: 'Channel', value: choices.channel, onChange: (wanted) => filter({ channel: wanted }) }),
      choice({ label: 'State', name: 'state', options: STATES, value: choices.state, onChange: (wanted) => filter({ state: wanted }) }),
      choice({ label: 'Push service', name: 'push_service', options: { '': 'any', ...PUSH_SERVICES }, value: choices.push_service,
        onChange: (wanted) => filter({ push_service: wanted }) })),
    problem.element, table.element, pager.element);
  filter();
}

const COLUMNS = [
  { title: 'Subscription', field: 'id', head: true, wide: true, width: 14.5, draw: drawId },
  { title: 'Push service', field: 'push_service', width: 6.75, text: ({ push_service: name }) => PUSH_SERVICES[name] ?? name },
  { title: 'State', field: 'state', width: 7.5, draw: (place, { state }) => drawPill(place, state) },
  { title: 'Channels', field: 'channels', width: 10.5, wide: true, draw: drawChannels },
  { title: 'Attempt', field: 'attempt', kind: 'number', width: 5, wide: true, text: ({ attempt }) => number(attempt || null) },
  { title: 'Next attempt', field: 'next_attempt', width: 7, wide: true, draw: (place, row) => drawTime(place, row.next_attempt) },
  { title: 'Last outcome', field: 'last_outcome', width: 7, wide: true, draw: (place, row) => drawPill(place, row.last_outcome) },
  { title: 'Why', field: 'reason', width: 10, wide: true, text: whyOf },
  { title: 'There for', field: 'created', width: 5.5, wide: true, draw: drawAge },
];

function drawId(place, { id, generation }) {
  const title = generation > 1 ? `Generation ${generation}: its keys were replaced` : undefined;
  redrawn(place, id, () => [make('code', { className: 'id', title }, id)]);
}

function drawChannels(place, { channels, channel_count: count }) {
  redrawn(place, `${channels.join('\n')}\n${count}`, () => {
    const links = channels.slice(0, NAMED)
      .map((name) => make('a', { href: hashOf(['subscriptions'], { channel: name }) }, name));
    const more = count - links.length;
    return [make('span', { className: 'names' }, ...links, ...(more > 0 ? [`and ${number(more)} more`] : []))];
  });
}

function drawAge(place, { created }) {
  const old = age((Date.now() - Date.parse(created)) / 1000).replace(/ \S+ (s|min)$/, ''); // days or hours are enough
  redrawn(place, `${created} ${old}`, () => [timeOf(created, () => old)]);
}

/** What stands in its way now, or why the last one ended so. */
function whyOf({ trouble, reason }) {
  if (trouble) return trouble.status ? `${trouble.status}: ${trouble.reason}` : trouble.reason;
  return reason ?? '–';
}
