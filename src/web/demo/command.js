/** The same call for a terminal, as the form stands. The key is `$KEY` here, whatever is in its field. */

import { $, onPress } from './dom.js';

const READ_MS = 1200; // long enough to read “Copied”

export function startCommand(form) {
  const show = () => {
    const { channel, headers, body, mistakes } = form.read();
    if (!mistakes.length) $('command').textContent = command(channel, headers, body);
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

function command(channel, headers, body) {
  const more = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return [
    'curl -H "Authorization: Bearer $KEY"',
    "-H 'Content-Type: application/json'",
    ...more,
    quoted(location.origin + pathOf(channel)),
    `-d ${quoted(textOf(body))}`,
  ].join(' \\\n  ');
}

/** For a POSIX shell, which takes everything in single quotes as it is, but for them. */
const quoted = (text) => (/^[\w:/.%~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
