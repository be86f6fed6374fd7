/** What a push service answered: a bar of the last minute, and numbers beside those since the start. */

import { make, setText } from '../../common/dom.js';
import { duration, number, share } from '../figures.js';

const ANSWERS = [
  ['ok', '2xx', 'taken'], ['client_error', '4xx', 'refused, but for 429'], ['throttled', '429', 'too many'],
  ['server_error', '5xx', 'its own trouble'], ['none', 'none', 'no answer'],
];

const WINDOW = 60; // seconds: the daemon counts in pieces of that length, of which the last is not whole

export const answeredOf = (answers) => ANSWERS.reduce((sum, [name]) => sum + answers[name], 0);

export function createAnswers() {
  const recent = make('th', { scope: 'col', className: 'number' }, 'Lately');
  const parts = ANSWERS.map(([name]) => {
    const part = make('span', { className: 'answers-part', hidden: true });
    part.dataset.answer = name;
    return part;
  });
  const bar = make('div', { className: 'answers-bar', 'aria-hidden': 'true' }, ...parts);
  const rows = ANSWERS.map(([name, code, words]) => {
    const cell = (field) => {
      const place = make('td', { className: 'number' });
      if (field) place.dataset.field = `${field}.${name}`;
      return place;
    };
    const places = [cell('answers_recent'), cell(), cell('answers')];
    const head = make('th', { scope: 'row' }, make('span', { className: 'answers-code' }, code), ' ',
      make('span', { className: 'answers-words quiet' }, words));
    const row = make('tr', {}, head, ...places);
    row.dataset.answer = name;
    return { name, row, places };
  });
  const table = make('table', { className: 'answers-table' },
    make('caption', { className: 'unseen' }, 'Answers'),
    make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Answers'), recent,
      make('th', { scope: 'col', className: 'number' }, 'Share'), make('th', { scope: 'col', className: 'number' }, 'Since start'))),
    make('tbody', {}, ...rows.map(({ row }) => row)));
  return {
    element: make('div', { className: 'answers' }, bar, table),
    show({ answers, answers_recent: lately, recent_seconds: seconds }) {
      const total = answeredOf(lately);
      setText(recent, seconds ? seconds >= WINDOW ? 'Last 1–2 min' : `Last ${duration(seconds)}` : 'Lately');
      parts.forEach((part) => {
        part.hidden = !lately[part.dataset.answer];
        part.style.flexGrow = lately[part.dataset.answer];
      });
      for (const { name, row, places: [now, of, all] } of rows) {
        setText(now, number(lately[name]));
        setText(of, total && lately[name] ? share(lately[name] / total) : '–');
        setText(all, number(answers[name]));
        row.toggleAttribute('data-none', !lately[name]);
      }
    },
  };
}
