/** A state as a pill: its word, and whether that is good, bad, or neither. */

import { make } from '../common/dom.js';

const TONES = {
  good: ['open', 'live', 'done', 'active', 'accepted', 'ready'],
  busy: ['working', 'sweeping', 'sending', 'probing', 'delivering', 'scheduled', 'retrying'],
  warn: ['held', 'waiting', 'paused', 'draining', 'warning', 'warn', 'throttled', 'cancelled', 'restarted'],
  bad: ['shut', 'gone', 'quarantined', 'ending', 'critical', 'error', 'failed', 'rejected', 'expired', 'given_up', 'outage'],
};
const TONE_OF = Object.fromEntries(Object.entries(TONES).flatMap(([tone, states]) => states.map((state) => [state, tone])));

/** Draws it into its place, which keeps the same element while the state changes. `tone`: where the word alone misleads. */
export function drawPill(place, state, tone = TONE_OF[state] ?? 'plain') {
  let pill = place.firstElementChild;
  if (!state) return place.replaceChildren('–');
  if (!pill?.matches('.state')) place.replaceChildren((pill = make('span', { className: 'state' })));
  pill.dataset.tone = tone;
  const word = state.replaceAll('_', ' ');
  if (pill.textContent !== word) pill.textContent = word;
}

export function pill(state, tone) {
  const place = make('span');
  drawPill(place, state, tone);
  return place.firstElementChild ?? place;
}
