/** Notifications: what was sent, newest first, and how far each is. */

import { make } from '../../common/dom.js';
import { drawTime, redrawn } from '../cells.js';
import { choice, search, toolbar } from '../controls.js';
import { number } from '../figures.js';
import { createCursorListing } from '../listing.js';
import { drawBar, failedOf } from '../outcomes.js';
import { drawPill } from '../pills.js';
import { hashOf } from '../router.js';
import { createTable, drawLink } from '../table.js';

const PATH = '/v1/observe/notifications';
const STATES = {
  '': 'any', scheduled: 'scheduled', delivering: 'delivering', done: 'done', cancelled: 'cancelled', failed: 'with failures',
};

export const notifications = { name: 'notifications', title: 'Notifications', needs: 'read', key: 'n', mount };

function mount(main, context) {
  const table = createTable({
    label: 'Notifications', id: ({ id }) => id, columns: COLUMNS, onSort() {},
    empty: 'No notification here.', hint: 'Try fewer filters; or nothing was sent yet.',
  });
  const { choices, filter, problem, pager } = createCursorListing(context, { path: PATH, first: { q: '', channel: '', state: '' }, table });
  main.append(
    toolbar(
      search({ label: 'Its name', placeholder: 'ntf_…', value: choices.q, onChange: (wanted) => filter({ q: wanted }) }),
      search({ label: 'Channel', value: choices.channel, onChange: (wanted) => filter({ channel: wanted }) }),
      choice({ label: 'State', name: 'state', options: STATES, value: choices.state, onChange: (wanted) => filter({ state: wanted }) })),
    problem.element, table.element, pager.element);
  filter();
}

const COLUMNS = [
  { title: 'Notification', field: 'id', head: true, wide: true, width: 14.5, draw: drawId },
  { title: 'Channel', field: 'channel', width: 9.5, wide: true,
    draw: (place, { channel }) => drawLink(place, channel, hashOf(['notifications'], { channel })) },
  { title: 'Number', field: 'seq', kind: 'number', width: 5.5, text: ({ seq }) => number(seq), explained: 'In its channel’s log' },
  { title: 'State', field: 'state', width: 7, draw: (place, { state }) => drawPill(place, state) },
  { title: 'Outcomes', field: 'outcomes', width: 10.5, wide: true, draw: drawProgress },
  { title: 'Accepted', field: 'outcomes.accepted', kind: 'number', width: 10, wide: true,
    text: ({ outcomes, recipients }) => (recipients === null ? '–' : `${number(outcomes.accepted)} of ${number(recipients)}`) },
  { title: 'Failed', field: 'failed', kind: 'number', width: 5.5, text: ({ outcomes }) => number(failedOf(outcomes)),
    explained: 'Rejected, expired or too large' },
  { title: 'Sent', field: 'created', width: 8.5, draw: (place, { send_at: due, created }) => drawTime(place, due ?? created) },
];

function drawId(place, { id }) {
  redrawn(place, id, () => [make('a', { className: 'id', href: hashOf(['notifications', id]) }, make('code', {}, id))]);
}

function drawProgress(place, { state, outcomes, recipients }) {
  if (recipients) return drawBar(place, outcomes);
  const text = state === 'scheduled' ? 'waits for its time' : 'nobody to send it to';
  if (place.textContent !== text) place.replaceChildren(make('span', { className: 'quiet' }, text));
}
