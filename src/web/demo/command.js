/** The same call for a terminal, as the form stands. The key is `$KEY` here, whatever is in its field. */

import { $, make, onPress } from './dom.js';

const NEXT = ' \\\n  ';
const READ_MS = 1200; // long enough to read “Copied”

export function startCommand(form) {
  const show = () => {
    const { channel, headers, body, mistakes } = form.read();
    if (!mistakes.length) $('command').replaceChildren(...command(channel, headers, body));
  };
  form.onChange(show);
  show();
  $('copy').hidden = !navigator.clipboard;
  onPress($('copy'), 'Copied', async () => {
    await navigator.clipboard.writeText($('command').textContent);
    $('copied').textContent = 'Copied.';
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
    $('copied').textContent = '';
  });
}

/** The body, byte for byte as the form sends it: under one Idempotency-Key both are the same call. */
export const textOf = (body) => JSON.stringify(body, null, 2);

export const pathOf = (channel) => `/v1/channels/${encodeURIComponent(channel)}/notifications`;

/** In three parts: a URL may be broken anywhere, nothing else. */
function command(channel, headers, body) {
  const more = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const head = ['curl -H "Authorization: Bearer $KEY"', "-H 'Content-Type: application/json'", ...more, ''].join(NEXT);
  const url = make('span', { className: 'url' }, quoted(location.origin + pathOf(channel)));
  return [head, url, `${NEXT}-d ${quoted(textOf(body))}`];
}

/** For a POSIX shell, which takes everything in single quotes as it is, but for them. */
const quoted = (text) => (/^[\w:/.%~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
