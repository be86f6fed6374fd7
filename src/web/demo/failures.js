/** Who did not get it, and why. */

import { call } from '../common/api.js';
import { $, capitalized, make } from '../common/dom.js';

const SHOWN = 20;

export async function showFailures(id, key) {
  const { ok, status, body } = await call('GET', `/v1/notifications/${id}/failures?limit=${SHOWN}`, key);
  if ($('progress-id').textContent !== id) return; // another one is shown by now
  $('failures').hidden = false;
  $('failures-note').textContent = ok ? note(body) : refusal(status, body);
  $('failure-list').replaceChildren(...(ok ? body.items.map(line) : []));
}

function note({ items, truncated }) {
  if (!items.length) return 'None of them was tried.';
  return truncated ? `The first ${SHOWN}:` : '';
}

function refusal(status, body) {
  if (status === 403) return 'This key may not read why: make one with --scopes notify,read.';
  return capitalized(body.detail ?? 'The server does not say why.');
}

function line({ subscription, outcome, status, reason, attempts }) {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const answer = status === null ? tries : `status ${status}, ${tries}`;
  return make('li', {},
    make('p', {}, make('code', {}, subscription), ` ${outcome.replaceAll('_', ' ')}`),
    make('p', { className: 'quiet' }, `${capitalized(reason)} (${answer})`));
}
