/** What this browser needs for Web Push, what it has of that, and what to do about each that is missing. */

import { $, make } from './dom.js';

const BROWSER = 'Use a current Firefox, Chrome, Edge or Safari, in a normal window: private ones often have no push.';

/** `yes`, `no`, `open` (nobody asked yet) or `free` (not needed here). */
const CHECKS = [
  {
    label: 'Secure address',
    find: () => (isSecureContext ? 'yes' : 'no'),
    remedy: 'Open this page over https, or as localhost or 127.0.0.1.',
  },
  { label: 'Service worker', find: () => ('serviceWorker' in navigator ? 'yes' : 'no'), remedy: BROWSER },
  { label: 'Push API', find: () => ('PushManager' in globalThis ? 'yes' : 'no'), remedy: BROWSER },
  { label: 'Notifications', find: () => ('Notification' in globalThis ? 'yes' : 'no'), remedy: BROWSER },
  {
    label: 'Permission',
    find: () => ({ granted: 'yes', denied: 'no' })[globalThis.Notification?.permission] ?? 'open',
    remedy: 'Notifications are blocked. Allow them in the site’s settings, beside the address, and reload this page.',
    open: 'Not asked yet. Subscribe asks.',
  },
  {
    label: 'On the Home Screen',
    // Only iPhones and iPads have `standalone`.
    find: () => ({ true: 'yes', false: 'no' })[navigator.standalone] ?? 'free',
    remedy: 'Choose Share, then “Add to Home Screen”, and open the page from there.',
    free: 'Only iPhone and iPad ask for that.',
  },
];

const WORDS = { yes: 'Yes', no: 'No', open: 'Not yet', free: 'Not needed' };

let failing; // shown last time: who closes the list does not see it open again for the same reason

export function showSupport() {
  const found = CHECKS.map((check) => ({ ...check, result: check.find() }));
  $('checks').replaceChildren(...found.map(item));
  const missing = found.filter(({ result }) => result === 'no').map(({ label }) => label).join(', ');
  const open = found.some(({ result }) => result === 'open');
  $('support-summary').textContent = missing ? `missing: ${missing}` : open ? 'ready to ask' : 'everything is there';
  if (missing && missing !== failing) $('support').open = true;
  failing = missing;
}

function item({ label, result, remedy, open, free }) {
  const text = { no: remedy, open, free }[result];
  const line = make('li', { className: 'check' },
    make('span', { className: 'check-name' }, label),
    make('span', { className: 'check-result' }, WORDS[result]));
  line.dataset.result = result;
  if (text) line.append(make('span', { className: 'check-remedy' }, text));
  return line;
}
