/** Charts: what the instance did in the last minutes or hours, all below one time. */

import { make } from '../../common/dom.js';
import { createChart } from '../charts/chart.js';
import { createHistory } from '../charts/history.js';
import { CHARTS } from '../charts/plan.js';
import { segments } from '../controls.js';
import { createProblem } from '../problem.js';

const SPANS = { '10m': '10 min', '1h': '1 h', '6h': '6 h', '24h': '24 h' };
const SECONDS = { '10m': 600, '1h': 3600, '6h': 21_600, '24h': 86_400 };
const FIRST = '10m';

export const charts = { name: 'charts', title: 'Charts', needs: 'charts', key: 'c', mount };

function mount(main, context) {
  const problem = createProblem();
  const drawn = CHARTS.map(createChart);
  let stop = () => {};
  const first = context.query.span in SPANS ? context.query.span : FIRST;
  context.tools.append(segments({ label: 'How far back', name: 'span', options: SPANS, value: first, onChange: follow }));
  main.append(problem.element, make('div', { className: 'charts' }, ...drawn.map(({ element }) => element)));

  function follow(span) {
    stop();
    context.remember({ span: span === FIRST ? '' : span });
    const history = createHistory(SECONDS[span]);
    stop = context.watch(`/v1/observe/charts?span=${span}`, (data, event) => {
      problem.clear();
      history[event](data);
      for (const chart of drawn) chart.show(history, event === 'snapshot');
    }, problem.show);
  }

  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => drawn.forEach((chart) => chart.redraw());
  scheme.addEventListener('change', redraw);
  follow(first);
  return () => {
    scheme.removeEventListener('change', redraw);
    drawn.forEach((chart) => chart.stop());
  };
}
