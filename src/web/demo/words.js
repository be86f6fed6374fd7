/** What goes wrong with a subscription, in words that say what to do. */

import { CHANNEL } from './client.js';
import { capitalized } from '../common/dom.js';

/** Why this browser cannot be subscribed. */
export const UNABLE = {
  'unsupported': 'This browser does not offer Web Push in this window. Private windows often do not; current versions'
    + ' of Firefox, Chrome, Edge and Safari do in a normal one.',
  'insecure-context': 'Browsers allow Web Push on https pages, and on localhost or 127.0.0.1. This address is neither:'
    + ' open the page by one of those, or put the server behind https.',
  'ios-needs-install': 'On iPhone and iPad, Web Push is for web apps on the Home Screen: choose Share, then “Add to Home'
    + ' Screen”, and open the page from there.',
  'denied': 'Notifications from this site are blocked. Allow them in the site’s settings, beside the address, and'
    + ' reload this page.',
};

/** Where the SDK's own message does not say what to do about it. */
const PROBLEMS = {
  'push-service-unreachable': 'This browser cannot reach its push service. That is a server of the browser’s vendor, not'
    + ' this one: the browser may be offline, behind a firewall, or built without push (some builds of Chromium are).'
    + ' Try again, or try another browser.',
  'server-unreachable': 'This page’s server does not answer. Is it still running?',
  'dismissed': 'The browser did not get permission to show notifications. Press Subscribe again and allow it.',
  'denied': UNABLE.denied,
  'subscription-gone': 'The push service has forgotten this browser. Unsubscribe, and subscribe again.',
  'credential-needed': `The channel “${CHANNEL}” is not open to everyone on this server. Its operator opens it by`
    + ' starting it with --demo true.',
  'storage-unavailable': 'This browser stores nothing for this site, and Web Push needs it to. Use a normal window'
    + ' instead of a private one, and allow this site to keep data (cookies).',
};

export function describe(error) {
  return PROBLEMS[error.code] ?? capitalized(error.message);
}
