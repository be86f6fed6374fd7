/** What the brake holds back because too many went at once: an operator brings them back, or lets them go. */

import { make } from '../../common/dom.js';
import { createDialog } from '../dialog.js';
import { number, timeOf } from '../figures.js';
import { isLooking } from '../looking.js';
import { drawMeter } from '../meter.js';
import { pill } from '../pills.js';
import { createProblem, explain } from '../problem.js';
import { nameOf } from './names.js';

const PATH = '/v1/quarantines';
const PAUSE_MS = 5000;
const BUSY_MS = 1000; // while subscriptions are on their way
const AT_ONCE = 1000; // subscriptions that an answer waits for; the rest follow by themselves
const MOST_PAGES = 20;

const CAUSES = {
  gone: 'were said to be gone, too many at once. Nothing of them was deleted.',
  refused: 'are refused with the VAPID key that all others are taken with.',
};

export function createQuarantines(context) {
  const problem = createProblem();
  const open = make('div', { className: 'quarantines' });
  const earlier = make('ul', { className: 'quarantines-earlier' });
  const summary = make('summary');
  const details = make('details', { hidden: true }, summary, earlier);
  const element = make('section', { className: 'panel brake', hidden: true },
    make('h2', { id: 'brake-title' }, 'Held back by the brake'), problem.element, open, details);
  element.setAttribute('aria-labelledby', 'brake-title');
  const cards = new Map();
  let [timer, stopped] = [null, false];
  ask();

  async function ask() {
    clearTimeout(timer);
    let isBusy = false;
    if (isLooking()) {
      const answer = await readAll(context);
      if (stopped) return;
      if (answer.ok) isBusy = show(answer.items);
      else problem.show(answer);
      element.hidden = answer.ok && !answer.items.length;
    }
    timer = setTimeout(ask, isBusy ? BUSY_MS : PAUSE_MS);
  }

  function show(items) {
    problem.clear();
    const current = items.filter(({ state, subscriptions }) => state === 'open' || subscriptions > 0);
    for (const one of current) {
      if (!cards.has(one.id)) {
        cards.set(one.id, createIncident(context, ask));
        open.append(cards.get(one.id).element);
      }
    }
    for (const [id, card] of cards) {
      const one = current.find((item) => item.id === id);
      if (one) {
        card.show(one);
      } else {
        card.element.remove();
        cards.delete(id);
      }
    }
    const done = items.filter((one) => !current.includes(one)).reverse();
    details.hidden = !done.length;
    summary.textContent = `Earlier: ${number(done.length)}`;
    earlier.replaceChildren(...done.map(earlierLine));
    return current.some(({ state }) => state !== 'open');
  }

  return { element, stop: () => ((stopped = true), clearTimeout(timer)) };
}

/** Page by page: the oldest come first, and those that are open may be the last. */
async function readAll(context) {
  const items = [];
  let cursor = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await context.call('GET', `${PATH}?limit=100${cursor}`);
    if (!answer.ok) return answer;
    items.push(...answer.body.items);
    if (!answer.body.next) break;
    cursor = `&cursor=${encodeURIComponent(answer.body.next)}`;
  }
  return { ok: true, items };
}

/** One that waits for a word, or whose subscriptions are on their way. */
function createIncident(context, asked) {
  const title = make('h3');
  const said = make('p', { className: 'quiet' });
  const progress = make('div', { className: 'quarantine-progress', hidden: true });
  const undo = make('button', { type: 'button', className: 'small' }, 'Undo: bring them back');
  const apply = make('button', { type: 'button', className: 'small' }, 'Apply: let them go');
  const buttons = make('div', { className: 'acts' }, undo, apply);
  const may = context.overview.scopes.includes('admin');
  const element = make('article', { className: 'quarantine' }, make('div', {}, title, said, progress), ...(may ? [buttons] : []));
  let one = null;

  const resolve = (word) => async () => {
    const answer = await context.call('POST', `${PATH}/${encodeURIComponent(one.id)}/${word}?limit=${AT_ONCE}`);
    if (!answer.ok) return explain(answer);
    context.announce(word === 'undo' ? 'They are brought back.' : 'They are let go.');
    asked();
    return '';
  };
  undo.addEventListener('click', () => createDialog({
    title: `Bring ${number(one.subscriptions)} subscriptions back?`,
    body: [make('p', {}, 'They are in their channels again, and get what is published from then on.')],
    confirm: { label: 'Bring them back', busy: 'Bringing them back …', work: resolve('undo') },
  }));
  apply.addEventListener('click', () => createDialog({
    title: `Let ${number(one.subscriptions)} subscriptions go?`,
    body: [make('p', {}, 'They count as gone: nothing is sent to them any more. Each can be restored for seven days.')],
    confirm: { label: 'Let them go', busy: 'Letting them go …', danger: true, work: resolve('apply') },
  }));

  return {
    element,
    show(now) {
      one = now;
      element.dataset.id = now.id;
      const isOpen = now.state === 'open';
      const words = `${number(now.subscriptions)} subscriptions of ${nameOf(now.push_service)}`;
      const text = isOpen ? words : `${words} are still to be ${now.state === 'undone' ? 'brought back' : 'let go'}`;
      if (title.textContent !== text) title.textContent = text;
      said.replaceChildren(isOpen ? `They ${CAUSES[now.cause] ?? now.cause} Held back at ` : '', timeOf(isOpen ? now.opened : now.resolved),
        ' · ', make('code', {}, now.origin));
      buttons.hidden = !isOpen;
      progress.hidden = isOpen;
      const all = now.moved + now.subscriptions;
      if (!isOpen) drawMeter(progress, all ? now.moved / all : 1, { text: `${number(now.moved)} of ${number(all)}`, calm: true });
    },
  };
}

const earlierLine = ({ id, push_service: name, origin, state, moved, resolved }) => {
  const line = make('li', {}, pill(state, state === 'undone' ? 'good' : 'plain'),
    make('span', {}, `${number(moved)} of ${nameOf(name)}`), make('code', {}, origin), timeOf(resolved));
  line.dataset.id = id;
  return line;
};
