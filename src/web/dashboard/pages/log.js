/** The log as it is written, and how much is written. */

import { make } from '../../common/dom.js';
import { choice, search, toolbar } from '../controls.js';
import { createLines } from '../lines.js';
import { chosen, createListing } from '../listing.js';
import { createProblem, explain } from '../problem.js';

/** Of what is written: all of it, to begin with. */
const SHOWN = { '': 'all', error: 'error', warn: 'warn and up', info: 'info and up', debug: 'debug and up' };
/** What the daemon can be told to write: of its libraries never more than `info`, which would bury its own lines. */
const FILTERS = { error: 'error', warn: 'warn', info: 'info', 'info,fanfare=debug': 'debug', 'info,fanfare=trace': 'trace' };
const LIMIT = 300; // to begin with, and after a break
const STANDARD = { level: '', actor: '', request: '', q: '' };

export const log = { name: 'log', title: 'Log', needs: 'instance', key: 'l', mount };

function mount(main, context) {
  const choices = { ...chosen(context.query, STANDARD), limit: LIMIT };
  const problem = createProblem();
  const newest = make('button', { type: 'button', className: 'small', id: 'follow', hidden: true }, 'To the newest');
  const lines = createLines({
    label: 'Log lines', empty: 'No line is like that.', onFollow: (follows) => (newest.hidden = follows),
  });
  newest.addEventListener('click', () => (lines.toEnd(), (newest.hidden = true)));
  const change = createListing(context, {
    path: '/v1/observe/log', choices, first: STANDARD, problem, onChange: lines.clear, onRows: lines.add,
  });
  const narrow = (name) => (value) => change({ [name]: value });
  main.append(
    toolbar(
      search({ label: 'Search the messages', value: choices.q, onChange: narrow('q') }),
      choice({ label: 'Level', name: 'level', options: SHOWN, value: choices.level, onChange: narrow('level') }),
      field('Actor', choices.actor, narrow('actor')),
      field('Request', choices.request, narrow('request')),
    ),
    problem.element,
    make('div', { className: 'lines-part' }, lines.element, newest));
  const level = levelOf(context);
  context.tools.append(level.element);
  problem.element.before(level.problem);
  change();
}

function field(label, value, onChange) {
  const input = make('input', { type: 'text', value, autocomplete: 'off', spellcheck: false, placeholder: 'any' });
  input.addEventListener('change', () => onChange(input.value.trim()));
  return make('label', { className: 'control' }, make('span', { className: 'control-name' }, label), input);
}

/** What the daemon writes down at all: until its next start. */
function levelOf(context) {
  const problem = createProblem(); // of its own: each line that comes takes the list's away
  let now = '';
  const place = make('div', { className: 'log-level' });
  const path = '/v1/observe/log/level';
  context.call('GET', path).then((answer) => (answer.ok ? show(answer.body) : problem.show(answer)));
  return { element: place, problem: problem.element };

  /** The same control stays, with the focus and what was typed into it. */
  function show({ filter, configured }) {
    now = filter;
    const select = place.querySelector('select');
    if (select && [...select.options].some(({ value }) => value === filter)) return (select.value = filter);
    const options = { ...Object.fromEntries([...new Set([filter, configured])].map((one) => [one, one])), ...FILTERS };
    const control = choice({ label: 'The daemon writes', name: 'filter', options, value: filter, onChange: set });
    control.title = `Configured: ${configured}. A change lasts until the next start.`;
    place.replaceChildren(control);
  }

  async function set(filter) {
    const select = place.querySelector('select');
    await whileChanging(select, async () => {
      const answer = await context.call('PUT', path, { filter });
      if (!answer.ok) {
        select.value = now; // which holds still
        return problem.tell(explain(answer));
      }
      problem.clear();
      show(answer.body);
      context.announce(`The log is written down to ${FILTERS[filter] ?? filter}.`);
    });
  }
}

async function whileChanging(select, work) {
  select.setAttribute('aria-busy', 'true');
  await work();
  select.removeAttribute('aria-busy');
}
