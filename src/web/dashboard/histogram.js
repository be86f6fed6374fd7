/** How long things took, as bars: one for each bucket, with its bound below. */

import { make } from '../common/dom.js';
import { duration, exact, number } from './figures.js';
import { nothing } from './problem.js';

const OF = { attempts: 'Of attempts', sweeps: 'Of sweeps', messages: 'Of messages' };

export function createHistogram() {
  const bars = make('ol', { className: 'bars' });
  const said = make('p', { className: 'quiet' });
  const none = nothing('Nothing was measured yet.');
  const element = make('div', { className: 'histogram' }, said, bars, none);
  return {
    element,
    show(latency) {
      const all = latency?.buckets.reduce((sum, { count }) => sum + count, 0) ?? 0;
      none.hidden = all > 0;
      bars.hidden = said.hidden = all === 0;
      if (all === 0) return;
      said.textContent = `${OF[latency.of] ?? latency.of}: ${number(all)}, half within ${duration(latency.p50_seconds)}, 99 of 100 within ${duration(latency.p99_seconds)}`;
      const shown = trimmed(latency.buckets);
      while (bars.childElementCount < shown.length) bars.append(createBar());
      while (bars.childElementCount > shown.length) bars.lastElementChild.remove();
      const most = Math.max(...shown.map(({ count }) => count));
      shown.forEach((bucket, at) => drawBar(bars.children[at], bucket, most));
    },
  };
}

/** Without the empty ones at both ends. */
function trimmed(buckets) {
  const first = buckets.findIndex(({ count }) => count > 0);
  const last = buckets.findLastIndex(({ count }) => count > 0);
  return buckets.slice(Math.max(0, first - 1), last + 2);
}

const createBar = () => make('li', {},
  make('span', { className: 'bar-bound' }), make('span', { className: 'bar-fill', ariaHidden: 'true' }), make('span', { className: 'bar-count' }));

function drawBar(bar, { up_to_seconds: bound, count }, most) {
  const [bounded, , counted] = bar.children;
  bar.style.setProperty('--share', (count / most).toFixed(4));
  const said = bound === null ? 'longer' : `to ${exact(bound)}`;
  if (counted.textContent !== number(count)) counted.textContent = number(count);
  if (bounded.textContent !== said) bounded.textContent = said;
}
