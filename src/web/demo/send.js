/** Sends what the form says, and shows the server's objections where they belong. */

import { call } from '../common/api.js';
import { sent } from './arrivals.js';
import { pathOf, textOf } from './command.js';
import { $, capitalized, tell, whileBusy } from '../common/dom.js';
import { watch } from './progress.js';

/** Problems that are about one field though they point to none. */
const FIELDS = {
  'credential-needed': 'key',
  'invalid-credential': 'key',
  'scope-needed': 'key',
  'foreign-app': 'key',
  'invalid-channel': 'channel',
  'idempotency-in-flight': 'idempotency-key',
  'idempotency-key-reused': 'idempotency-key',
};

export function startSending(form) {
  $('form').addEventListener('submit', (event) => {
    event.preventDefault();
    whileBusy($('send'), 'Sending …', () => {
      form.clear();
      return send(form);
    });
  });
}

async function send(form) {
  const { key, channel, headers, body, mistakes } = form.read();
  const all = [...faultsOf(key, channel), ...mistakes];
  if (all.length) return complain(form, all);
  const at = Date.now();
  const answer = await call('POST', pathOf(channel), key, textOf(body), headers);
  if (!answer.ok) return refuse(form, answer);
  sent(answer.body.id, at);
  watch(answer.body, key);
}

/** What the server would not even understand. */
function faultsOf(key, channel) {
  const faults = [];
  if (!key) faults.push({ pointer: 'key', detail: 'is needed to send. Make one as it says below, and paste it' });
  else if (!/^fk_[!-~]+$/.test(key)) faults.push({ pointer: 'key', detail: 'is no API key: those begin with fk_' });
  // The browser would resolve them away, as in any path.
  if (/^\.\.?$/.test(channel)) faults.push({ pointer: 'channel', detail: 'is not a channel’s name' });
  return faults;
}

function refuse(form, { status, slug, body }) {
  const detail = body.detail ?? body.title;
  if (status === 0) return complain(form, [], 'The server does not answer. Is it still running?');
  if (body.errors?.length) return complain(form, body.errors);
  if (FIELDS[slug]) return complain(form, [{ pointer: FIELDS[slug], detail: `was refused: ${detail}` }]);
  return complain(form, [], detail ? capitalized(detail) : `The server answered ${status}.`);
}

function complain(form, mistakes, general = '') {
  const homeless = form.blame(mistakes);
  tell($('form-problem'), [general, ...homeless].filter(Boolean).join(' '));
}
