/** Reads a sentence out, without showing it. */

import { $ } from '../common/dom.js';

export function announce(text) {
  $('announcer').textContent = ''; // said anew, also the second time
  $('announcer').textContent = text;
}
