/** A chart's numbers in its unit: how one is written, and where the grid's lines go. */

import { bytes, duration, number, rate, share } from '../figures.js';

const TEN = Array.from({ length: 16 }, (_, at) => 10 ** (at - 3)).flatMap((one) => [one, 2 * one, 5 * one]);
const TWO = Array.from({ length: 50 }, (_, at) => 2 ** at);

export const UNITS = {
  rate: { write: rate, steps: TEN, least: 1 },
  count: { write: number, steps: TEN.filter((step) => step >= 1), least: 4 },
  bytes: { write: bytes, steps: TWO, least: 1024 },
  share: { write: share, steps: TEN, least: 0.1 },
  seconds: { write: duration, steps: TEN, least: 0.001 },
};

const LINES = 4; // of the grid, about: more are not read

/** From 0 to the next line of the grid above the highest value, so that the scale does not move with each point. */
export function linear({ steps, least }, highest) {
  const top = Math.max(highest ?? 0, least);
  const step = steps.find((one) => one * LINES >= top) ?? top;
  return [0, Math.ceil(top / step) * step];
}

/** Whole powers of ten around the values, at least two of them. */
export function logarithmic(lowest, highest) {
  const from = Math.floor(Math.log10(lowest ?? 0.001));
  const to = Math.ceil(Math.log10(highest ?? 1));
  return [10 ** from, 10 ** Math.max(to, from + 2)];
}

const pad = (value) => String(value).padStart(2, '0');

/** Seconds since 1970 as the reader's clock. */
export function time(seconds, withSeconds = true) {
  const at = new Date(seconds * 1000);
  return [at.getHours(), at.getMinutes(), ...(withSeconds ? [at.getSeconds()] : [])].map(pad).join(':');
}
