/** How deliveries ended, as a bar and as words: what went well first, what is still open last. */

import { make } from '../common/dom.js';
import { number, share } from './figures.js';

export const OUTCOMES = {
  accepted: 'accepted', gone: 'gone', expired: 'expired', rejected: 'rejected', too_large: 'too large',
  superseded: 'replaced', unsubscribed: 'left before', cancelled: 'cancelled', pending: 'pending',
};

/** What a new attempt may mend. */
const FAILED = ['expired', 'rejected', 'too_large'];

export const failedOf = (outcomes) => FAILED.reduce((sum, name) => sum + outcomes[name], 0);
export const totalOf = (outcomes) => Object.keys(OUTCOMES).reduce((sum, name) => sum + outcomes[name], 0);

/** Draws the bar into its place, which keeps the same elements: they grow, and do not blink. */
export function drawBar(place, outcomes) {
  let bar = place.firstElementChild;
  if (!bar?.matches('.outcome-bar')) {
    bar = make('span', { className: 'outcome-bar', role: 'img' }, ...Object.keys(OUTCOMES).map((name) => {
      const part = make('span', { className: 'outcome-part', hidden: true });
      part.dataset.outcome = name;
      return part;
    }));
    place.replaceChildren(bar);
  }
  for (const part of bar.children) {
    const count = outcomes[part.dataset.outcome];
    part.hidden = !count;
    part.style.flexGrow = count;
  }
  const said = sentenceOf(outcomes);
  if (bar.getAttribute('aria-label') !== said) bar.setAttribute('aria-label', said);
}

/** 3,981 of 4,212 accepted, 112 rejected */
export function sentenceOf(outcomes) {
  const total = totalOf(outcomes);
  if (!total) return 'Nobody to send it to';
  const others = Object.entries(OUTCOMES).filter(([name]) => name !== 'accepted' && outcomes[name]);
  return [`${number(outcomes.accepted)} of ${number(total)} accepted`,
    ...others.map(([name, words]) => `${number(outcomes[name])} ${words}`)].join(', ');
}

/** The same as a list: all of them, so that nothing moves when the first one fails. */
export function createOutcomes() {
  const lines = Object.entries(OUTCOMES).map(([name, words]) => {
    const count = make('span', { className: 'outcome-count' });
    count.dataset.field = `outcomes.${name}`;
    const part = make('span', { className: 'outcome-share quiet' });
    const line = make('div', {}, make('dt', {}, words), make('dd', {}, part, count));
    line.dataset.outcome = name;
    return { name, line, count, part };
  });
  return {
    element: make('dl', { className: 'outcomes' }, ...lines.map(({ line }) => line)),
    show(outcomes) {
      const total = totalOf(outcomes);
      for (const { name, line, count, part } of lines) {
        count.textContent = number(outcomes[name]);
        part.textContent = total && outcomes[name] ? share(outcomes[name] / total) : '';
        line.toggleAttribute('data-none', !outcomes[name]);
      }
    },
  };
}
