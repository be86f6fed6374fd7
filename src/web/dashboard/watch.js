/** Follows one path: its events as they come, again after a break, and not while nobody looks. */

import { events } from '../common/api.js';
import { isLooking, onLooking } from './looking.js';
import { credential, end, refusal } from './session.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const GIVEN_TIME = 500; // of statuses: those below are about the question itself, and asking again does not help
const WORTH_ASKING_AGAIN = [408, 429];

/**
 * `onEvent(data, event)`; `onProblem(answer)` where it is
 * refused (`status` 0: no answer, and it is tried again); `onState` with `asking`, `live`, `held`, `broken`, `refused`.
 */
export function watch(path, { onEvent, onProblem = () => {}, onState = () => {} }) {
  let stopped = false;
  let controller = new AbortController();
  const forgetLooking = onLooking(() => isLooking() || controller.abort());
  follow();

  async function follow() {
    let pause = FIRST_PAUSE_MS;
    while (!stopped) {
      if (!isLooking()) {
        onState('held');
        await someoneLooks();
        continue;
      }
      controller = new AbortController();
      onState('asking');
      const answer = await once(() => (pause = FIRST_PAUSE_MS));
      if (stopped || controller.signal.aborted) continue;
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
        onState('live');
        onFirst();
        attempt(() => onEvent(data, event));
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

function someoneLooks() {
  return new Promise((resolve) => {
    const forget = onLooking(() => {
      if (!isLooking()) return;
      forget();
      resolve();
    });
  });
}
