/** Whether the server knows of this subscription what the browser does. Asked with the subscription's own secret. */

import { call } from '../common/api.js';
import { record } from './client.js';

const AGAIN = 'Unsubscribe, and subscribe again.';
const SHOWN = 12; // enough of a public key to compare by eye

/** `{ key, agrees, words }`; never the secret. */
export async function agreement({ id, channels }) {
  const known = await record();
  const key = keyOf(known?.push_key);
  if (!known?.secret) return { key, agrees: 'no', words: `This browser has lost the subscription’s secret. ${AGAIN}` };
  const { ok, status, body } = await call('GET', `/v1/subscriptions/${id}`, known.secret);
  if (status === 0) return { key, agrees: 'unknown', words: 'It does not answer. Is it still running?' };
  if (status === 404) return { key, agrees: 'no', words: `It does not know this subscription. ${AGAIN}` };
  if (!ok) return { key, agrees: 'unknown', words: `It answers ${status}: ${body.detail ?? body.title ?? ''}` };
  const current = body.push_key === body.current_push_key;
  const words = difference(body, known, channels);
  return {
    key: `${key} (${current ? 'current' : 'an earlier one'})`,
    agrees: words ? 'no' : 'yes',
    words: words ?? `Agrees: ${body.state}, in ${body.channels.join(', ') || 'no channel'}`,
  };
}

/** What differs, in words; undefined where nothing does. */
function difference(server, known, channels) {
  if (server.state === 'gone') return `Its push service says that this browser is gone. ${AGAIN}`;
  if (server.state === 'quarantined') return 'It holds this subscription back until its operator decides.';
  if (server.state === 'waiting') {
    return `It waits until it tries again: ${server.trouble?.reason ?? 'the push service asked for patience'}`;
  }
  if (known.push_key && server.push_key !== known.push_key) return `It has another key for this browser. ${AGAIN}`;
  const same = (list) => [...list].sort().join('\n');
  if (same(server.channels) === same(channels)) return undefined;
  return `It has this browser in: ${server.channels.join(', ') || 'no channel'}`;
}

const keyOf = (key) => (key ? `${key.slice(0, SHOWN)}…` : 'unknown');
