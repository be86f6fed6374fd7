/** Moments that come nearer: drawn anew each second, for as long as their page is there. */

import { clock } from '../figures.js';

const SECOND_MS = 1000;

/** `follow(place, until, words)`: `until` is an ISO text or null; `words(left)` says it, where `left` is like “1 min 04 s”. */
export function createCountdowns() {
  const all = new Map();
  const draw = (place, { until, words }) => {
    const left = Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / SECOND_MS));
    const text = words(leftOf(left), clock(until));
    if (place.textContent !== text) place.textContent = text;
  };
  const timer = setInterval(() => all.forEach((one, place) => (place.isConnected ? draw(place, one) : all.delete(place))), SECOND_MS);
  return {
    follow(place, until, words = (left) => `in ${left}`) {
      if (until) {
        all.set(place, { until, words });
        draw(place, { until, words });
      } else {
        all.delete(place);
        if (place.textContent) place.textContent = '';
      }
    },
    stop: () => clearInterval(timer),
  };
}

function leftOf(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes ? `${minutes} min ${String(rest).padStart(2, '0')} s` : `${rest} s`;
}
