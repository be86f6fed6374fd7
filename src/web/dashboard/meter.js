/** A share as a bar beside its figure; red where little is left. */

import { make } from '../common/dom.js';
import { share as percent } from './figures.js';

const NEARLY_FULL = 0.85;

/** Draws it into its place, which keeps the same elements. `text`: instead of the percentage. `calm`: a full bar is no harm. */
export function drawMeter(place, share, { text = percent(share), calm = false } = {}) {
  let meter = place.firstElementChild;
  if (!meter?.matches('.meter')) {
    const bar = make('span', { className: 'meter-bar', ariaHidden: 'true' }, make('span'));
    place.replaceChildren((meter = make('span', { className: 'meter' }, bar, make('span', { className: 'meter-text' }))));
  }
  const known = Math.min(1, Math.max(0, share ?? 0));
  meter.style.setProperty('--share', known.toFixed(3));
  meter.dataset.level = !calm && known > NEARLY_FULL ? 'high' : 'fine';
  if (meter.lastElementChild.textContent !== text) meter.lastElementChild.textContent = text;
}
