/** One actor: what it does, what it was told, how it fared, and what it wrote. */

import { make, putInOrder, setText } from '../../common/dom.js';
import { redrawn } from '../cells.js';
import { createDialog } from '../dialog.js';
import { age, clock, duration, fineClock, number, rate, timeOf } from '../figures.js';
import { createHistogram } from '../histogram.js';
import { actorHash, kindOf } from '../kinds.js';
import { createLines } from '../lines.js';
import { drawMeter } from '../meter.js';
import { drawPill } from '../pills.js';
import { createProblem, explain, nothing } from '../problem.js';
import { hashOf } from '../router.js';
import { createFigures, panel } from '../panel.js';
import { createTable } from '../table.js';
import { COLUMNS } from './actors.js';

const CHILD_COLUMNS = COLUMNS.filter(({ title }) => title !== 'Kind' && title !== 'Peak').map(({ sort, ...column }) => column);

export const actor = { name: 'actor', path: 'actors/:id', under: 'actors', title: 'Actor', needs: 'instance', mount };

function mount(main, context) {
  const { id } = context.params;
  const problem = createProblem();
  const body = make('div', { className: 'actor', hidden: true });
  main.append(make('p', { className: 'trail' }, make('a', { href: '#/actors' }, 'Actors')), problem.element, body);
  main.prepend(main.querySelector('.trail'));
  context.title(id);
  const parts = [createFigures(FIGURES), createDetails(), createLatency(), createMessages(), createRestarts(), createChildren()];
  body.append(...parts.map(({ element }) => element), createLog(context, id));
  const kill = createKill(context, id);
  context.tools.append(kill.element);
  context.watch(`/v1/observe/actors/${encodeURIComponent(id)}`, (row) => {
    problem.clear();
    body.hidden = false;
    context.title(row.name);
    context.note(row.name === row.id ? kindOf(row.kind) : `${kindOf(row.kind)} · ${row.id}`);
    parts.forEach((part) => part.show(row));
    kill.show(row);
  }, (answer) => {
    if (answer.status === 404) kill.show({ killable: false });
    problem.tell(answer.status === 404
      ? 'No such actor is alive. It has ended, as workers without anything to do end by themselves.' : explain(answer));
  });
}

const FIGURES = [
  ['State', 'state', { draw: (place, { state }) => drawPill(place, state) }],
  ['Mailbox', 'mailbox.now', ({ mailbox }) => number(mailbox.now),
    ({ mailbox }) => `peak ${number(mailbox.peak)}${mailbox.bound ? `, bound ${number(mailbox.bound)}` : ''}`],
  ['Messages/s', 'messages_per_second', (row) => rate(row.messages_per_second), ({ messages }) => `${number(messages)} in all`],
  ['Busy', 'busy', { draw: (place, { busy }) => drawMeter(place, busy) }, ({ arbiter }) => `on ${arbiter}`],
  ['Restarts', 'restarts', ({ restarts }) => number(restarts), (row) => (row.last_restart ? `last at ${clock(row.last_restart)}` : 'none yet')],
  ['Age', 'age_seconds', (row) => age(row.age_seconds), ({ until, state }) => (until ? `${state} until ${clock(until)}` : '')],
];

/** Its observable state, and what it belongs to. */
function createDetails() {
  const list = make('dl', { className: 'details' });
  const lines = new Map();
  return {
    element: panel('state', 'State', list),
    /** A line stays while its value changes: its link may have the focus. */
    show(row) {
      const entries = [
        row.parent && ['Parent', row.parent, actorHash(row.parent)],
        row.children && ['Children', `${number(row.children.alive)} alive, ${number(row.children.started)} started, ${number(row.children.given_up)} given up`],
        row.app && ['App', row.app],
        row.channel && ['Channel', row.channel, hashOf(['channels'], { q: row.channel })],
        row.subscription && ['Subscription', row.subscription, hashOf(['subscriptions'], { q: row.subscription })],
        ...row.details.map(({ name, value, unit }) => [name.replaceAll('_', ' '), withUnit(value, unit)]),
      ].filter(Boolean);
      const names = new Set(entries.map(([name]) => name));
      for (const [name, line] of lines) if (!names.has(name)) line.remove(), lines.delete(name);
      for (const [name, text, href] of entries) {
        if (!lines.has(name)) lines.set(name, make('div', {}, make('dt', {}, name), make('dd')));
        redrawn(lines.get(name).lastElementChild, text, () => [href ? make('a', { href }, text) : text]);
      }
      putInOrder(list, entries.map(([name]) => lines.get(name)));
    },
  };
}

function withUnit(value, unit) {
  if (unit === 'seconds' && typeof value === 'number') return duration(value);
  const text = typeof value === 'number' ? number(value) : String(value ?? '–');
  return unit ? `${text} ${unit}` : text;
}

function createLatency() {
  const chart = createHistogram();
  const element = panel('latency', 'Latency', chart.element);
  return { element, show: ({ latency }) => chart.show(latency) };
}

function createEvents(name, title, empty, draw) {
  const list = make('ol', { className: 'events' });
  const frame = make('div', { className: 'events-frame', role: 'group', ariaLabel: `${title}, newest first`, tabIndex: 0 }, list);
  const none = nothing(empty);
  let shown = '';
  return {
    element: panel(name, title, frame, none),
    show(items) {
      const now = JSON.stringify(items);
      if (now === shown) return;
      shown = now;
      none.hidden = items.length > 0;
      frame.hidden = items.length === 0;
      list.replaceChildren(...items.map(draw));
    },
  };
}

function createMessages() {
  const list = createEvents('messages', 'Last messages', 'Nothing since it started.',
    ({ at, message }) => make('li', {}, timeOf(at, fineClock), make('code', {}, message)));
  return { element: list.element, show: (row) => list.show(row.recent_messages) };
}

function createRestarts() {
  const list = createEvents('restarts', 'Restarts', 'It never restarted.',
    ({ at, panic, by }) => make('li', {}, timeOf(at), make('span', {}, by === 'operator' ? 'Killed by an operator' : make('code', {}, panic ?? 'panicked'))));
  return { element: list.element, show: (row) => list.show(row.restart_history) };
}

function createChildren() {
  const table = createTable({ label: 'Children', columns: CHILD_COLUMNS, id: (row) => row.id, empty: 'It has none now.' });
  const said = make('p', { className: 'quiet' });
  const element = panel('children', 'Children', said, table.element);
  element.hidden = true;
  return {
    element,
    show({ children_sample: sample, silent }) {
      element.hidden = !sample;
      if (!sample) return;
      const part = sample.total > sample.items.length ? `The ${number(sample.items.length)} busiest of ${number(sample.total)}.` : '';
      setText(said, silent ? `It did not answer in time: its ${number(sample.total)} children cannot be listed.` : part);
      table.show(sample.items);
    },
  };
}

function createLog(context, id) {
  const lines = createLines({ label: `What ${id} wrote`, empty: 'It wrote nothing lately.' });
  const problem = createProblem();
  const query = new URLSearchParams({ actor: id, limit: 100 });
  context.watch(`/v1/observe/log?${query}`, (news, event) => (problem.clear(), lines.add(news, event)), problem.show);
  const all = make('a', { href: `#/log?actor=${encodeURIComponent(id)}` }, 'In the log');
  return panel('log', 'Log', problem.element, lines.element, make('p', {}, all));
}

function createKill(context, id) {
  const button = make('button', { type: 'button', className: 'danger', id: 'kill', hidden: true }, 'Kill');
  button.addEventListener('click', async () => {
    const done = await createDialog({
      title: `Kill ${id}?`,
      body: [make('p', {}, 'It panics where it stands, and its supervisor starts it again. What it had in hand is taken up anew: no notification is lost. It is written into the audit log.')],
      confirm: {
        label: 'Kill it', busy: 'Killing …', danger: true,
        async work() {
          const answer = await context.call('POST', `/v1/observe/actors/${encodeURIComponent(id)}/kill`);
          return answer.ok ? null : explain(answer);
        },
      },
    });
    if (done) context.announce(`${id} was killed, and has started again.`);
  });
  return { element: button, show: (row) => (button.hidden = !(context.overview.acting && row.killable)) };
}
