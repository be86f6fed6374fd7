/** The card of this browser: subscribe, test, unsubscribe, and what is known about the subscription on both sides. */

import { agreement } from './agreement.js';
import { CHANNEL, fanfare } from './client.js';
import { $, onPress, tell } from '../common/dom.js';
import { showSupport } from './support.js';
import { describe, UNABLE } from './words.js';

const UNKNOWN = { subscribed: false, id: null, channels: [], pushService: null };

let form;
let asked = 0; // answers of the server that come late do not replace newer ones

export function startSubscription(sendForm) {
  form = sendForm;
  fanfare.on('change', refresh);
  // Permission, subscription and server may have changed while nobody looked.
  document.addEventListener('visibilitychange', () => document.hidden || refresh());
  button('subscribe', 'Asking the browser …', () => fanfare.subscribe(CHANNEL), 'test');
  button('test', 'Sending …', () => fanfare.test());
  button('unsubscribe', 'Unsubscribing …', () => fanfare.unsubscribe(), 'subscribe');
  refresh();
}

/** A button whose problem is told, and which never takes the focus with it when it goes away. */
function button(id, busyLabel, work, nextFocus) {
  onPress($(id), busyLabel, async () => {
    tell($('problem'), '');
    try {
      await work();
    } catch (error) {
      tell($('problem'), describe(error));
    }
    await refresh();
    if ($(id).hidden) $(nextFocus)?.focus();
  });
}

async function refresh() {
  showSupport();
  try {
    const state = await fanfare.state();
    render(state, UNABLE[state.support]);
  } catch (error) {
    tell($('problem'), ''); // it is the explanation now
    render(UNKNOWN, describe(error));
  }
}

function showStatus(state, label, explanation) {
  $('status').dataset.state = state;
  if ($('status').textContent !== label) $('status').textContent = label; // it is a live region
  $('explanation').textContent = explanation;
}

/** Brings the card in line with the state, and with what keeps the browser from it; every change ends here. */
function render(state, hindrance) {
  const able = !hindrance;
  const { subscribed } = state;
  if (!able) {
    showStatus('unable', 'Cannot subscribe', hindrance);
  } else if (subscribed) {
    showStatus('on', 'Subscribed', 'What is sent to the channel now reaches this browser, also when this page is'
      + ' closed.');
  } else {
    showStatus('off', 'Not subscribed', 'This browser supports Web Push. It will ask whether this site may show'
      + ' notifications.');
  }
  $('subscription').textContent = state.id ?? '';
  $('channels').textContent = state.channels.join(', ');
  $('push-service').textContent = state.pushService ?? '';
  $('facts').hidden = !subscribed;
  $('subscribe').hidden = !able || subscribed;
  $('test').hidden = !subscribed;
  $('unsubscribe').hidden = !subscribed;
  $('empty-hint').textContent = emptyHint(able, subscribed);
  form.knowSubscription(subscribed ? state.id : null);
  if (subscribed) compare(state);
}

function emptyHint(able, subscribed) {
  if (!able) return 'Nothing can arrive in this browser.';
  return subscribed ? 'Press “Send me a test”, or send something.' : 'Subscribe this browser first.';
}

/** Asks the server what it knows, and shows where it differs. */
async function compare(state) {
  const turn = ++asked;
  const { key, agrees, words } = await agreement(state);
  if (turn !== asked) return;
  $('push-key').textContent = key;
  $('agreement').dataset.agrees = agrees;
  $('agreement').textContent = words;
}
