/** The demo page: one browser, one public channel, and what arrives. Everything it does, it does through the SDK. */
(() => {
  'use strict';

  const CHANNEL = 'demo';
  const LISTED = 50; // arrivals on the page; older ones leave it

  const fanfare = Fanfare.init({ worker: '/sdk/fanfare-sw.js', scope: '/demo' });
  const $ = (id) => document.getElementById(id);
  let arrived = 0;

  /** Why this browser cannot be subscribed, in words for whoever sits in front of it. */
  const UNABLE = {
    'unsupported': 'This browser does not offer Web Push in this window. Private windows often do not; current versions'
      + ' of Firefox, Chrome, Edge and Safari do in a normal one.',
    'insecure-context': 'Browsers allow Web Push on https pages, and on localhost or 127.0.0.1. This address is neither:'
      + ' open the page by one of those, or put the server behind https.',
    'ios-needs-install': 'On iPhone and iPad, Web Push is for web apps on the Home Screen: choose Share, then “Add to Home'
      + ' Screen”, and open the page from there.',
    'denied': 'Notifications from this site are blocked. Allow them in the site’s settings, beside the address, and'
      + ' reload this page.',
  };

  /** What went wrong, where the SDK's own message does not say what to do about it. */
  const PROBLEMS = {
    'push-service-unreachable': 'This browser cannot reach its push service. That is a server of the browser’s vendor, not'
      + ' this one: the browser may be offline, behind a firewall, or built without push (some builds of Chromium are).'
      + ' Try again, or try another browser.',
    'server-unreachable': 'This page’s server does not answer. Is it still running?',
    'dismissed': 'The browser did not get permission to show notifications. Press Subscribe again and allow it.',
    'denied': UNABLE.denied,
    'subscription-gone': 'The push service has forgotten this browser. Unsubscribe, and subscribe again.',
    'http-401': `The channel “${CHANNEL}” is not public on this server: start it with --demo true.`,
    'http-429': 'That was too soon after the last one. Wait a second, and try again.',
  };

  function describe(error) {
    const known = PROBLEMS[error.code] ?? PROBLEMS[`http-${error.status}`];
    return known ?? error.message.replace(/^./, (first) => first.toUpperCase());
  }

  function showProblem(text) {
    $('problem').textContent = text;
    $('problem').hidden = !text;
  }

  function showStatus(state, label, explanation) {
    $('status').dataset.state = state;
    $('status').textContent = label;
    $('explanation').textContent = explanation;
  }

  /** Brings the card in line with the state; every change of it ends here. */
  function render(state) {
    const able = state.support === 'supported';
    if (!able) {
      showStatus('unable', 'Cannot subscribe', UNABLE[state.support]);
    } else if (state.subscribed) {
      showStatus('on', 'Subscribed', 'What is sent to the channel now reaches this browser, also when this page is'
        + ' closed.');
    } else {
      showStatus('off', 'Not subscribed', 'This browser supports Web Push. It will ask whether this site may show'
        + ' notifications.');
    }
    $('subscription').textContent = state.id ?? '';
    $('channels').textContent = state.channels.join(', ');
    $('push-service').textContent = state.pushService ?? '';
    $('facts').hidden = !state.subscribed;
    $('subscribe').hidden = !able || state.subscribed;
    $('test').hidden = !state.subscribed;
    $('unsubscribe').hidden = !state.subscribed;
    $('empty-hint').textContent = emptyHint(able, state.subscribed);
  }

  function emptyHint(able, subscribed) {
    if (!able) return 'Nothing can arrive in this browser.';
    return subscribed ? 'Press “Send me a test”, or send the command.' : 'Subscribe this browser first.';
  }

  async function refresh() {
    try {
      render(await fanfare.state());
    } catch (error) {
      showStatus('unable', 'No answer', 'The browser does not say whether it is subscribed.');
      showProblem(describe(error));
    }
  }

  /** A button that works: disabled meanwhile, its problem told, the focus never lost to a button that went away. */
  function onPress(id, busyLabel, work, nextFocus) {
    const button = $(id);
    const label = button.textContent;
    button.addEventListener('click', async () => {
      if (button.getAttribute('aria-disabled')) return;
      showProblem('');
      button.setAttribute('aria-disabled', 'true');
      button.textContent = busyLabel;
      try {
        await work();
      } catch (error) {
        showProblem(describe(error));
      }
      await refresh();
      button.textContent = label;
      button.removeAttribute('aria-disabled');
      if (button.hidden) $(nextFocus)?.focus();
    });
  }

  function showArrival({ channel, seq, data, notification, raw }) {
    const item = $('arrival').content.cloneNode(true).firstElementChild;
    const now = new Date();
    item.querySelector('h3').textContent = notification.title;
    item.querySelector('time').textContent = now.toLocaleTimeString();
    item.querySelector('time').dateTime = now.toISOString();
    item.querySelector('.arrival-body').textContent = notification.body ?? '';
    const extra = data ?? raw;
    if (extra !== undefined && extra !== notification.body) {
      const block = item.querySelector('.arrival-data');
      block.textContent = typeof extra === 'string' ? extra : JSON.stringify(extra, null, 2);
      block.hidden = false;
    }
    item.querySelector('.arrival-from').textContent = channel ? `${channel}, number ${seq}` : 'to this browser alone';
    $('arrivals').prepend(item);
    while ($('arrivals').children.length > LISTED) $('arrivals').lastElementChild.remove();
    arrived += 1;
    $('count').textContent = `${arrived} since this page was opened`;
    $('empty').hidden = true;
    $('hint').hidden = false;
  }

  function showCommand() {
    const url = `${location.origin}/v1/channels/${CHANNEL}/notifications`;
    const command = ["curl -d 'Tea is ready'", '-H "Authorization: Bearer $KEY"', url].join(' \\\n  ');
    $('command').textContent = command;
    $('copy').hidden = !navigator.clipboard;
    onPress('copy', 'Copied', async () => {
      await navigator.clipboard.writeText(command);
      await new Promise((resolve) => setTimeout(resolve, 1200)); // long enough to be read
    });
  }

  fanfare.on('message', showArrival);
  fanfare.on('change', refresh);
  onPress('subscribe', 'Asking the browser …', () => fanfare.subscribe(CHANNEL), 'test');
  onPress('test', 'Sending …', () => fanfare.test());
  onPress('unsubscribe', 'Unsubscribing …', () => fanfare.unsubscribe(), 'subscribe');
  showCommand();
  refresh();
})();
