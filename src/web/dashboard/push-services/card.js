/** One push service: its gate, what it answers and how fast, the tokens that it gets, and what is wrong. */

import { make, setText } from '../../common/dom.js';
import { drawTime, redrawn } from '../cells.js';
import { age, duration, number, rate, share, timeOf } from '../figures.js';
import { drawMeter } from '../meter.js';
import { drawPill } from '../pills.js';
import { createFigures } from '../panel.js';
import { answeredOf, createAnswers } from './answers.js';
import { alertOf, explanationOf, nameOf } from './names.js';

const SAME = 1; // second: what is known is no finer than that

let count = 0;

/** `act(row)`: asks whether to pause or resume it; nothing where that is not allowed. */
export function createCard(countdowns, act) {
  const id = `service-${++count}`;
  const name = make('h2', { id });
  const origin = make('code', { className: 'service-origin' });
  const state = make('span');
  state.dataset.field = 'state';
  const until = make('span', { className: 'service-until' });
  const why = make('p', { className: 'service-why' });
  const alerts = make('ul', { className: 'service-alerts' });
  const figures = createFigures(FIGURES);
  const answers = createAnswers();
  const keys = createKeys(countdowns);
  const button = act && make('button', { type: 'button', className: 'small' });
  const element = make('section', { className: 'panel service' },
    make('div', { className: 'service-head' }, make('div', { className: 'service-name' }, name, origin),
      make('div', { className: 'service-state' }, until, state, ...(button ? [button] : []))),
    why, alerts, figures.element, make('div', { className: 'service-body' }, answers.element, keys.element));
  element.setAttribute('aria-labelledby', id);
  let row = null;
  button?.addEventListener('click', () => act(row));

  return {
    element,
    show(now) {
      row = now;
      element.dataset.id = now.origin;
      element.dataset.state = now.state;
      setText(name, nameOf(now.push_service));
      setText(origin, now.origin);
      drawPill(state, now.state);
      countdowns.follow(until, now.until, (left, at) => `until ${at}, ${left} left`);
      setText(why, explanationOf(now));
      const untold = now.alerts.filter(({ code }) => code !== 'origin_shut'); // that stands above already
      redrawn(alerts, JSON.stringify(untold), () => untold.map(({ code, detail }) =>
        make('li', {}, make('strong', {}, alertOf(code)), make('span', {}, detail))));
      figures.show(now);
      answers.show(now);
      keys.show(now);
      if (!button) return;
      setText(button, now.paused ? 'Resume delivery' : 'Pause delivery'); // the page itself can be paused as well
      button.setAttribute('aria-label', `${button.textContent} to ${now.origin}`);
    },
  };
}

const FIGURES = [
  ['Under way', 'in_flight', ({ in_flight: now }) => number(now), { draw: (place, { in_flight: now, limit }) =>
    drawMeter(place, limit ? now / limit : 0, { text: `of ${number(limit)}`, calm: true }) }],
  ['Waiting', 'waiting', ({ waiting }) => number(waiting), ({ waiting }) => (waiting ? 'in line' : 'nobody')],
  ['Answers/s', 'answers_per_second', ({ answers_recent: recent, recent_seconds: seconds }) =>
    rate(seconds ? answeredOf(recent) / seconds : null),
  ({ answers_recent: recent }) => (answeredOf(recent) ? `${share(recent.ok / answeredOf(recent))} taken` : 'none lately')],
  ['Half within', 'latency.p50_seconds', ({ latency }) => duration(latency.p50_seconds), ({ latency }) => `of ${number(latency.count)} lately`],
  ['99 of 100 within', 'latency.p99_seconds', ({ latency }) => duration(latency.p99_seconds)],
  ['Subscriptions', 'subscriptions', ({ subscriptions }) => number(subscriptions)],
];

/** The tokens and the keys, and how the clocks compare. */
function createKeys(countdowns) {
  const skew = make('dd');
  skew.dataset.field = 'clock_skew_seconds';
  const last = make('dd');
  last.dataset.field = 'last_answer';
  const tokens = make('ul', { className: 'service-tokens' });
  const refused = make('ul', { className: 'service-tokens' });
  const ages = new Map();
  const untils = new Map();
  return {
    element: make('div', { className: 'service-keys' },
      make('dl', { className: 'details' }, make('div', {}, make('dt', {}, 'Last answer'), last),
        make('div', {}, make('dt', {}, 'Its clock'), skew)),
      make('h3', {}, 'VAPID tokens'), tokens, refused),
    show({ vapid_tokens: now, refused_keys: keys, clock_skew_seconds: seconds, last_answer: answered, alerts }) {
      drawTime(last, answered ?? null);
      setText(skew, skewOf(seconds));
      skew.parentElement.toggleAttribute('data-bad', alerts.some(({ code }) => code === 'clock_skew'));
      redrawn(tokens, now.map(({ key, app, expires }) => [key, app, expires]).join(), () => tokenLines(now, ages));
      for (const { key, age_seconds: old } of now) setText(ages.get(key), `${age(old)} old`);
      redrawn(refused, keys.map(({ id, app, state }) => [id, app, state]).join(), () => refusedLines(keys, untils));
      for (const { id, until } of keys) countdowns.follow(untils.get(id), until, (left) => `tried again in ${left}`);
    },
  };
}

function tokenLines(tokens, ages) {
  ages.clear();
  if (!tokens.length) return [make('li', { className: 'quiet' }, 'None is in use.')];
  return tokens.map(({ key, app, expires }) => {
    ages.set(key, make('span', { className: 'token-age' }));
    return make('li', {}, make('span', {}, make('code', {}, key), ` of ${app}`), ages.get(key),
      make('span', { className: 'quiet' }, 'until ', timeOf(expires)));
  });
}

function refusedLines(keys, untils) {
  untils.clear();
  return keys.map(({ id, app, state }) => {
    untils.set(id, make('span', { className: 'quiet' }));
    const word = make('span');
    drawPill(word, state === 'probing' ? 'probing' : 'refused', state === 'probing' ? 'busy' : 'bad');
    return make('li', {}, make('span', {}, make('code', {}, id), ` of ${app}`), word, untils.get(id));
  });
}

function skewOf(seconds) {
  if (seconds === null || seconds === undefined) return 'not known yet';
  if (Math.abs(seconds) <= SAME) return 'the same as here';
  return `${duration(Math.abs(seconds))} ${seconds > 0 ? 'ahead' : 'behind'}`;
}
