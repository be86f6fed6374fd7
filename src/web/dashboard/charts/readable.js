/** A chart for those who do not see it: its name with the least, the most and the last value, and its values as a table. */

import { make } from '../../common/dom.js';
import { time, UNITS } from './units.js';

const ROWS = 12;

/** One sentence for each line. */
export function summaryOf(chart, lines) {
  const { write } = UNITS[chart.unit];
  const sentences = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (!known.length) return `${label}: no values.`;
    const [least, most] = [Math.min(...known), Math.max(...known)];
    return `${label}: last ${write(known.at(-1))}, from ${write(least)} to ${write(most)}.`;
  });
  return `${chart.title}, ${chart.about}. ${sentences.join(' ')}`;
}

/** Every so many rows, newest first. */
export function tableOf(chart, lines, at) {
  const { write } = UNITS[chart.unit];
  const step = Math.max(1, Math.ceil(at.length / ROWS));
  const rows = at.map((_, row) => row).filter((row) => (at.length - 1 - row) % step === 0).reverse();
  const head = make('tr', {}, make('th', { scope: 'col' }, 'Time'), ...lines.map(({ label }) => make('th', { scope: 'col' }, label)));
  const body = rows.map((row) => make('tr', {}, make('th', { scope: 'row' }, time(at[row])),
    ...lines.map(({ values }) => make('td', {}, write(values[row])))));
  return make('table', { className: 'chart-table' },
    make('caption', { className: 'unseen' }, `${chart.title}, ${chart.about}`),
    make('thead', {}, head), make('tbody', {}, ...body));
}
