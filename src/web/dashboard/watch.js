/** Follows one path, by its events as they come or by a call now and then: again after a break, and not while nobody looks. */

import { events } from '../common/api.js';
import { isLooking, isShown, onLooking } from './looking.js';
import { call, credential, end, refusal } from './session.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const GIVEN_TIME = 500; // of statuses: those below are about the question itself, and asking again does not help
const WORTH_ASKING_AGAIN = [408, 429];

/**
 * What is held still by hand has its first event all the same: it is another page, or another order, that was asked for.
 *
 * `onEvent(data, event)`; `onProblem(answer)` where it is
 * refused (`status` 0: no answer, and it is tried again); `onState` with `asking`, `live`, `held`, `broken`, `refused`.
 */
export function watch(path, { onEvent, onProblem = () => {}, onState = () => {} }) {
  let stopped = false;
  let hasBegun = false;
  let controller = new AbortController();
  const mayAsk = () => isLooking() || (isShown() && !hasBegun);
  const forgetLooking = onLooking(() => mayAsk() || controller.abort());
  follow();

  async function follow() {
    let pause = FIRST_PAUSE_MS;
    while (!stopped) {
      if (!mayAsk()) {
        onState('held');
        await passes(mayAsk);
        continue;
      }
      controller = new AbortController();
      onState('asking');
      const answer = await once(() => (pause = FIRST_PAUSE_MS));
      if (stopped || controller.signal.aborted) continue;
      controller.abort(); // what it began is of no use any more
      if (answer.status === 401) return end(refusal(answer));
      if (answer.status >= 400 && answer.status < GIVEN_TIME && !WORTH_ASKING_AGAIN.includes(answer.status)) {
        onState('refused');
        return onProblem(answer);
      }
      onState('broken');
      onProblem(answer);
      await passed(pause * (0.5 + Math.random())); // spread: a daemon that starts again has many dashboards
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** One stream, to its end: how it ended. */
  async function once(onFirst) {
    try {
      const feed = events(path, credential(), controller.signal);
      for await (const { event, data } of feed) {
        if (stopped || controller.signal.aborted) break;
        hasBegun = true;
        onState('live');
        onFirst();
        attempt(() => onEvent(data, event));
        if (!mayAsk()) controller.abort();
      }
    } catch (error) {
      if (error.answer) return error.answer;
    }
    return { ok: false, status: 0, body: {} };
  }

  return () => {
    stopped = true;
    forgetLooking();
    controller.abort();
  };
}

/** A fault of ours is told to the console, and does not look like one of the network's. */
function attempt(act) {
  try {
    act();
  } catch (error) {
    reportError(error);
  }
}

const passed = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Until that is so: it changes with who looks. */
function passes(isSo) {
  return new Promise((resolve) => {
    const forget = onLooking(() => {
      if (!isSo()) return;
      forget();
      resolve();
    });
  });
}

/**
 * Asks by a call, now and so often again: for what lasts, as a stream would take one of the six connections that a browser
 * has for a host. `onAnswer(answer)`. Answers how to stop.
 */
export function askAgain(path, seconds, onAnswer) {
  let stopped = false;
  let timer = null;
  let isAsking = false;
  const forgetLooking = onLooking(() => isLooking() && !timer && !isAsking && ask());
  if (isShown()) ask();

  async function ask() {
    isAsking = true;
    const answer = await call('GET', path);
    isAsking = false;
    if (stopped) return;
    attempt(() => onAnswer(answer));
    timer = setTimeout(() => {
      timer = null;
      if (isLooking()) ask();
    }, seconds * 1000);
  }

  return () => {
    stopped = true;
    forgetLooking();
    clearTimeout(timer);
  };
}
