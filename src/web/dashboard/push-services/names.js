/** The push services by the names that people know, and what is said of their gates. */

import { capitalized } from '../../common/dom.js';
import { clock } from '../figures.js';

export const PUSH_SERVICES = { fcm: 'FCM', mozilla: 'Mozilla', apple: 'Apple', wns: 'WNS', ntfy: 'ntfy', other: 'others' };

/** One of its own, as on a card. */
export const nameOf = (name) => (name === 'other' ? 'Another push service' : PUSH_SERVICES[name] ?? name);

const WHY_SHUT = {
  throttled: 'It asked for a pause: it gets too much at once.',
  outage: 'It failed too often to be asked on and on.',
};

/** Why nothing, or little, goes there; it says something also where all is well, so that nothing moves when that changes. */
export function explanationOf({ state, cause, paused }) {
  if (paused) return `Paused by an operator at ${clock(paused.since)}${paused.by ? ` (${paused.by})` : ''}. What is for it waits.`;
  if (state === 'shut') return `${WHY_SHUT[cause] ?? 'It is shut.'} What is for it waits.`;
  if (state === 'probing') return 'A few requests find out whether it can be opened again. The rest waits.';
  return 'What is for it goes out at once.';
}

const ALERTS = {
  clock_skew: 'Clocks differ', vapid_key_paused: 'A VAPID key is refused',
  origin_shut: 'Shut', mostly_throttled: 'Mostly throttled', no_answer: 'No answer',
};

export const alertOf = (code) => ALERTS[code] ?? capitalized(code.replaceAll('_', ' '));
