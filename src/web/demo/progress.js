/** How a notification that this page sent goes on: its outcomes as they change, until it is done or cancelled. */

import { call, events } from '../common/api.js';
import { $, capitalized, make, onPress, tell } from '../common/dom.js';
import { showFailures } from './failures.js';

/** In this order, each with its colour; what is still open comes last. */
const OUTCOMES = [
  ['accepted', 'accepted'], ['gone', 'gone'], ['expired', 'expired'], ['superseded', 'replaced by a newer one'],
  ['rejected', 'rejected'], ['too_large', 'too large'], ['unsubscribed', 'left before'], ['cancelled', 'cancelled'],
  ['pending', 'pending'],
];
const FAILED = ['gone', 'expired', 'rejected', 'too_large'];
const STATES = { scheduled: 'Scheduled', delivering: 'Delivering', done: 'Done', cancelled: 'Cancelled' };
const PAUSE_MS = 1000; // before asking again after a stream was cut off; twice as long after each that fails
const LONGEST_PAUSE_MS = 30_000;
const TOLD = 3; // failures in a row before they are worth a word: a restart takes as long

let current = null; // what is watched: a newer one ends it

export function watch({ id, channel, recipients, seq }, key) {
  current?.stop.abort();
  const watched = { id, key, stop: new AbortController() };
  if (!current) prepare();
  current = watched;
  $('progress').hidden = false;
  $('failures').hidden = true;
  tell($('progress-problem'), '');
  $('progress-id').textContent = id;
  $('cancel').hidden = false;
  say(recipients === null ? 'It waits for its time.' : `Sent to ${people(recipients)}.`);
  $('progress-channel').textContent = seq === null ? channel : `${channel}, number ${seq}`;
  follow(watched);
}

function prepare() {
  onPress($('cancel'), 'Cancelling …', async () => {
    const { id, key } = current;
    const hadFocus = document.activeElement === $('cancel');
    const { ok, body, status } = await call('DELETE', `/v1/notifications/${id}`, key);
    if (current.id !== id) return;
    if (!ok) return tell($('progress-problem'), capitalized(body.detail ?? `The server answered ${status}.`));
    show(body);
    if (hadFocus && $('cancel').hidden) $('progress-title').focus();
  });
}

/** Reads the stream to its end; one that was cut off is asked for again, for as long as nothing else is watched. */
async function follow(watched) {
  const path = `/v1/notifications/${watched.id}/events`;
  const { signal } = watched.stop;
  for (let failed = 0; !signal.aborted; failed += 1) {
    try {
      for await (const { event, data } of events(path, watched.key, signal)) {
        if (signal.aborted) return;
        if (failed >= TOLD) tell($('progress-problem'), '');
        failed = 0;
        show(data);
        if (event === 'done') return finish(watched, data);
      }
    } catch ({ answer }) {
      if (signal.aborted) return;
      const refusal = capitalized(answer?.body.detail ?? 'It cannot be watched.');
      if (isFinal(answer)) return tell($('progress-problem'), refusal);
    }
    if (failed === TOLD) tell($('progress-problem'), 'The server does not answer. Is it still running? Still asking.');
    await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS * 2 ** failed, LONGEST_PAUSE_MS)));
  }
}

/** A refusal that asking again does not change: not one of too many calls, nor of a server in trouble. */
const isFinal = (answer) => answer && answer.status < 500 && answer.status !== 429;

function show({ state, seq, channel, recipients, outcomes, send_at }) {
  $('progress-state').dataset.state = state;
  $('progress-state').textContent = STATES[state];
  $('progress-channel').textContent = seq === null ? channel : `${channel}, number ${seq}`;
  if (state === 'scheduled') say(`It goes out ${new Date(send_at).toLocaleString()}.`);
  $('cancel').hidden = state === 'done' || state === 'cancelled';
  const counted = OUTCOMES.filter(([name]) => outcomes[name] > 0);
  $('bar').replaceChildren(...counted.map(([name]) => {
    const part = make('span', { className: 'part' });
    part.dataset.outcome = name;
    part.style.flexGrow = outcomes[name];
    return part;
  }));
  $('bar').hidden = !recipients;
  $('outcomes').replaceChildren(...counted.map(([name, label]) => {
    const line = make('div', {}, make('dt', {}, label), make('dd', {}, outcomes[name].toLocaleString()));
    line.dataset.outcome = name;
    return line;
  }));
  $('nobody').hidden = recipients !== 0 || state === 'cancelled';
}

/** Said once, for whoever does not see the bar. */
function finish({ id, key }, { state, recipients, outcomes }) {
  if (state === 'cancelled') say('Cancelled.');
  else say(recipients ? `Done: ${outcomes.accepted} of ${people(recipients)} accepted it.` : 'Done: nobody is there.');
  if (FAILED.some((outcome) => outcomes[outcome] > 0)) showFailures(id, key);
}

const people = (count) => (count === 1 ? '1 browser' : `${count.toLocaleString()} browsers`);

function say(text) {
  if ($('progress-said').textContent !== text) $('progress-said').textContent = text; // it is a live region
}
