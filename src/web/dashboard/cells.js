/** What several tables have in their cells. Each keeps what is there while it says the same. */

import { timeOf } from './figures.js';

/** An ISO text as the reader's clock. */
export function drawTime(place, time) {
  redrawn(place, String(time), () => [timeOf(time)]);
}

/** `make()` answers what is to be there; it is asked only when `said` is another than last time. */
export function redrawn(place, said, make) {
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  place.replaceChildren(...make());
}
