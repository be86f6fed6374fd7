/**
 * The API key and what it may see. It is kept in memory and, if its owner wants that, in this tab's session storage: never
 * in a URL, and never longer than the tab.
 */

import { call as ask } from '../common/api.js';
import { drop, keep, read } from './kept.js';
import { explain } from './problem.js';

const KEPT = 'key';
const REFUSED = [401, 403];

let key = null;
let tellEnd = () => {};

/** Who is told, with the reason in words, when the session is over. */
export const onEnd = (tell) => (tellEnd = tell);

export const credential = () => key;

/** Tries a key: what it may see, or why it may not. */
export async function open(candidate, stays) {
  const answer = await ask('GET', '/v1/observe', candidate);
  if (!answer.ok) return { problem: refusal(answer), status: answer.status };
  key = candidate;
  if (stays) keep(KEPT, candidate);
  return { overview: answer.body };
}

/**
 * What the kept key may see, or why it may not; nothing, where none is kept. Only a key that is refused is forgotten: a daemon
 * that starts anew may take it at the next try.
 */
export async function resume() {
  const kept = read(KEPT);
  if (!kept) return {};
  const { overview, problem, status } = await open(kept, true);
  if (REFUSED.includes(status)) forget();
  return { overview, problem };
}

/** What it may see now: that may have changed since. */
export async function overviewNow() {
  const answer = await call('GET', '/v1/observe');
  return answer.ok ? answer.body : null;
}

/** Forgets the key and asks for one; the reason is told there. */
export function end(reason) {
  if (!key) return;
  forget();
  tellEnd(reason);
}

/** A call under the key, with more headers where wanted. The answer's `body` is JSON; status 0: there was none. */
export async function call(method, path, json, headers) {
  const asked = key;
  const answer = await ask(method, path, key, json === undefined ? undefined : JSON.stringify(json), headers);
  if (answer.status === 401 && asked === key) end(refusal(answer));
  return answer;
}

function forget() {
  key = null;
  drop(KEPT);
}

export function refusal(answer) {
  if (answer.status === 401) return 'This server does not know that key, or knows it no more.';
  if (answer.status === 403) return 'That key is a good one, but may not look: it needs the scope read.';
  return explain(answer);
}
