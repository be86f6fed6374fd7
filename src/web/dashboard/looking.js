/** Whether anybody looks: the tab is shown, and the figures are not held still. Streams and questions go by it. */

import { announce } from './announce.js';

const listeners = new Set();
let held = false;

export const isHeld = () => held;
export const isShown = () => !document.hidden;
export const isLooking = () => isShown() && !held;

/** Holds all figures still, or lets them go on. */
export function togglePause() {
  held = !held;
  tell();
  announce(held ? 'Held still.' : 'Live again.');
}

/** Called whenever that may have changed; answers how to be called no more. */
export function onLooking(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener());

document.addEventListener('visibilitychange', tell);
