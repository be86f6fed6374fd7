/** Push services: a card for each origin, live; and what the brake holds back. */

import { make } from '../../common/dom.js';
import { createDialog } from '../dialog.js';
import { number, rate, share } from '../figures.js';
import { createProblem, explain, nothing } from '../problem.js';
import { answeredOf } from '../push-services/answers.js';
import { createCard } from '../push-services/card.js';
import { createCountdowns } from '../push-services/countdown.js';
import { createQuarantines } from '../push-services/quarantines.js';
import { createFigures } from '../panel.js';

const PATH = '/v1/observe/push-services';

export const pushServices = { name: 'push-services', title: 'Push services', needs: 'instance', key: 'p', mount };

function mount(main, context) {
  const problem = createProblem();
  const countdowns = createCountdowns();
  const quarantines = createQuarantines(context);
  const figures = createFigures(FIGURES);
  figures.element.hidden = true;
  const list = make('div', { className: 'services' });
  const none = nothing('No push service was asked yet.', 'One is here as soon as something is sent to it.');
  none.hidden = true;
  main.append(problem.element, figures.element, quarantines.element, list, none);
  const cards = new Map();

  context.watch(PATH, ({ items }) => {
    problem.clear();
    none.hidden = items.length > 0;
    figures.element.hidden = items.length === 0;
    figures.show(items);
    for (const row of items) {
      if (!cards.has(row.origin)) {
        cards.set(row.origin, createCard(countdowns, context.overview.acting ? ask : null));
        list.append(cards.get(row.origin).element);
      }
      cards.get(row.origin).show(row);
    }
    const there = new Set(items.map(({ origin }) => origin));
    for (const [origin, card] of cards) {
      if (there.has(origin)) continue;
      card.element.remove();
      cards.delete(origin);
    }
  }, problem.show);

  function ask({ origin, paused }) {
    const act = paused ? 'resume' : 'pause';
    return createDialog({
      ...(paused ? RESUMING : PAUSING),
      title: `${paused ? 'Resume' : 'Pause'} ${origin}?`,
      confirm: { ...(paused ? RESUMING : PAUSING).confirm, work: async () => {
        const answer = await context.call('POST', `${PATH}/${act}`, { origin });
        if (!answer.ok) return explain(answer);
        context.announce(paused ? `${origin} goes on.` : `${origin} is paused.`);
        return '';
      } },
    });
  }

  return () => (countdowns.stop(), quarantines.stop());
}

const PAUSING = {
  body: [make('p', {}, 'Nothing is sent there until you resume it, also after a restart. Requests under way settle. What waits too long '
    + 'for its TTL expires.')],
  confirm: { label: 'Pause', busy: 'Pausing …', danger: true },
};
const RESUMING = {
  body: [make('p', {}, 'All that waits goes out, about 2,000 subscriptions a second.')],
  confirm: { label: 'Resume', busy: 'Resuming …' },
};

const sum = (items, of) => items.reduce((all, item) => all + of(item), 0);
const perSecond = ({ answers_recent: recent, recent_seconds: seconds }) => (seconds ? answeredOf(recent) / seconds : 0);

const FIGURES = [
  ['Push services', 'origins', (items) => number(items.length), (items) => {
    const closed = items.filter(({ state }) => state !== 'open').length;
    return closed ? `${number(closed)} not open` : 'all open';
  }, (items) => items.some(({ state }) => state !== 'open')],
  ['Under way', 'in_flight', (items) => number(sum(items, ({ in_flight: now }) => now)), (items) => `${number(sum(items, ({ limit }) => limit))} at once`],
  ['Waiting', 'waiting', (items) => number(sum(items, ({ waiting }) => waiting))],
  ['Answers/s', 'answers_per_second', (items) => rate(sum(items, perSecond)), (items) => {
    const all = sum(items, ({ answers_recent: recent }) => answeredOf(recent));
    return all ? `${share(sum(items, ({ answers_recent: recent }) => recent.ok) / all)} taken` : 'none lately';
  }],
  ['Subscriptions', 'subscriptions', (items) => number(sum(items, ({ subscriptions }) => subscriptions))],
];
