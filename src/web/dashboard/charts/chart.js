/** One chart: its name, the drawing, the legend, and the same as a table. */

import { make } from '../../common/dom.js';
import { createLegend } from './legend.js';
import { linesOf } from './plan.js';
import { createPlot } from './plot.js';
import { summaryOf, tableOf } from './readable.js';
import { time } from './units.js';

const SAID_AGAIN_MS = 10_000; // a name that changes each second is no name

/** `{ element, show(history, renewed), redraw(), stop() }` */
export function createChart(chart) {
  const when = make('p', { className: 'chart-when quiet' }, chart.about);
  const place = make('div', { className: 'chart-plot', role: 'img', 'aria-label': chart.title });
  const foot = make('div', { className: 'chart-foot' });
  const table = make('div', { className: 'chart-values', tabIndex: 0, role: 'region', 'aria-label': `Values of ${chart.title}` });
  const details = make('details', { className: 'chart-more' }, make('summary', {}, 'As a table'), table);
  const id = `chart-${chart.id}`;
  const element = make('section', { className: 'panel chart' },
    make('div', { className: 'card-head' }, make('h2', { id }, chart.title), when), place, foot, details);
  element.setAttribute('aria-labelledby', id);
  element.dataset.id = chart.id;
  let [history, lines, plot, legend, cursor, said] = [null, [], null, null, null, -Infinity];
  details.addEventListener('toggle', () => read());

  function build() {
    plot?.destroy();
    legend = createLegend(chart, lines, (line) => plot.toggle(line));
    foot.replaceChildren(legend.element);
    plot = createPlot(place, chart, lines, {
      range: () => history.range(),
      onCursor(row) {
        cursor = row;
        readOut();
      },
    });
  }

  /** The values where the pointer is, or the last ones. */
  function readOut() {
    if (!legend) return;
    const isHere = cursor !== null && cursor < history.at.length;
    const row = isHere ? cursor : history.at.length - 1;
    legend.show(lines, row);
    when.textContent = isHere ? time(history.at[row]) : chart.about;
  }

  /** For who does not see it; the table only while it is open. */
  function read() {
    place.setAttribute('aria-label', summaryOf(chart, lines));
    table.replaceChildren(...(details.open ? [tableOf(chart, lines, history.at)] : []));
  }

  function draw() {
    plot.update(history.at, lines.map(({ values }) => values));
    readOut();
    if (performance.now() - said < SAID_AGAIN_MS) return;
    said = performance.now();
    read();
  }

  return {
    element,
    /** `renewed`: the series are others than before. */
    show(newHistory, renewed) {
      history = newHistory;
      if (renewed || !plot) {
        const before = lines.map(({ label }) => label).join('\n');
        lines = linesOf(chart, history.series);
        element.dataset.empty = lines.length === 0;
        if (!plot || before !== lines.map(({ label }) => label).join('\n')) build();
        said = -Infinity;
      }
      draw();
    },
    /** In the colours as they are now. */
    redraw() {
      if (!plot) return;
      build();
      draw();
    },
    stop: () => plot?.destroy(),
  };
}
