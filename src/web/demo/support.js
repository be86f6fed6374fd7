/** What this browser needs for Web Push, what it has of that, and what to do about each that is missing. */

import { $, make } from '../common/dom.js';
import { UNABLE } from './words.js';

/** Why a part of Web Push may be missing: browsers hide it from addresses and windows that may not use it. */
function missing() {
  if (!isSecureContext) return 'Browsers offer it at a secure address alone.';
  if (navigator.standalone === false) return 'iPhone and iPad offer it on the Home Screen alone.';
  return 'Use a current Firefox, Chrome, Edge or Safari, in a normal window: private ones often have no push.';
}

const offered = (is) => (is ? 'yes' : 'no');

/** `yes`, `no`, `open` (nobody asked yet) or `free` (not needed here). */
const CHECKS = [
  {
    label: 'Secure address',
    find: () => offered(isSecureContext),
    remedy: () => 'Open this page over https, or as localhost or 127.0.0.1.',
  },
  { label: 'Service worker', find: () => offered('serviceWorker' in navigator), remedy: missing },
  { label: 'Push API', find: () => offered('PushManager' in globalThis), remedy: missing },
  { label: 'Notifications', find: () => offered('Notification' in globalThis), remedy: missing },
  {
    label: 'Permission',
    find: () => ({ granted: 'yes', denied: 'no' })[globalThis.Notification?.permission] ?? 'open',
    remedy: () => UNABLE.denied,
    open: 'Not asked yet. Subscribe asks.',
  },
  {
    label: 'On the Home Screen',
    // Only iPhones and iPads have `standalone`.
    find: () => ({ true: 'yes', false: 'no' })[navigator.standalone] ?? 'free',
    remedy: () => 'Choose Share, then “Add to Home Screen”, and open the page from there.',
    free: 'Only iPhone and iPad ask for that.',
  },
];

const WORDS = { yes: 'Yes', no: 'No', open: 'Not yet', free: 'Not needed' };

let failing; // shown last time: who closes the list does not see it open again for the same reason

export function showSupport() {
  const found = CHECKS.map((check) => ({ ...check, result: check.find() }));
  $('checks').replaceChildren(...found.map(item));
  const lacking = found.filter(({ result }) => result === 'no').map(({ label }) => label).join(', ');
  const open = found.some(({ result }) => result === 'open');
  $('support-summary').textContent = lacking ? `missing: ${lacking}` : open ? 'ready to ask' : 'everything is there';
  if (lacking && lacking !== failing) $('support').open = true;
  failing = lacking;
}

function item({ label, result, remedy, open, free }) {
  const text = { no: remedy?.(), open, free }[result];
  const line = make('li', { className: 'check' },
    make('span', { className: 'check-name' }, label),
    make('span', { className: 'check-result' }, WORDS[result]));
  line.dataset.result = result;
  if (text) line.append(make('span', { className: 'check-remedy' }, text));
  return line;
}
