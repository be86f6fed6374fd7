/** A chart's lines with their values, each a button that hides its line or shows it again. */

import { make } from '../../common/dom.js';
import { UNITS } from './units.js';

/** `onToggle(line)` answers whether the line is shown now. */
export function createLegend(chart, lines, onToggle) {
  const { write } = UNITS[chart.unit];
  const places = lines.map(({ label, colour }, line) => {
    const value = make('span', { className: 'chart-value' }, write(null));
    const swatch = make('span', { className: 'chart-swatch' });
    Object.assign(swatch.dataset, { colour: colour + 1, dash: chart.stacked ? 0 : line % 4 });
    const button = make('button', { type: 'button', className: 'chart-line' },
      swatch, make('span', { className: 'chart-label' }, label), value);
    button.setAttribute('aria-pressed', 'true');
    button.addEventListener('click', () => button.setAttribute('aria-pressed', String(onToggle(line))));
    return { button, value };
  });
  return {
    element: make('div', { className: 'chart-legend', role: 'group', 'aria-label': `Lines of ${chart.title}` },
      ...places.map(({ button }) => button)),
    /** The values of these lines (the same, as they are now) in that row. */
    show(now, row) {
      places.forEach(({ value }, line) => {
        const text = write(now[line].values[row] ?? null);
        if (value.textContent !== text) value.textContent = text;
      });
    },
  };
}
