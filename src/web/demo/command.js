/** The same call for a terminal, as the form stands. The key is `$KEY` here, whatever is in its field. */

import { $, make } from '../common/dom.js';

const NEXT = ' \\\n  ';

export function startCommand(form) {
  const show = () => {
    $('copied').textContent = '';
    const { channel, headers, body, mistakes } = form.read();
    if (!mistakes.length) $('command').replaceChildren(...command(channel, headers, body));
  };
  form.onChange(show);
  show();
  $('copy').hidden = !navigator.clipboard;
  $('copy').addEventListener('click', async () => {
    $('copied').textContent = ''; // said anew, also the second time
    $('copied').textContent = await copy($('command').textContent);
  });
}

/** What came of it, in words. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied.';
  } catch {
    return 'This browser does not let the page copy. Select the text, and copy it yourself.';
  }
}

/** The body, byte for byte as the form sends it: under one Idempotency-Key both are the same call. */
export const textOf = (body) => JSON.stringify(body, null, 2);

export const pathOf = (channel) => `/v1/channels/${encodeURIComponent(channel)}/notifications`;

/** As nodes: the URL is broken after its slashes, where it must be. Nothing of that is in the text. */
function command(channel, headers, body) {
  const more = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const head = ['curl -H "Authorization: Bearer $KEY"', "-H 'Content-Type: application/json'", ...more, ''].join(NEXT);
  const steps = quoted(location.origin + pathOf(channel)).split(/(?<=\/)(?!\/)/);
  const url = steps.flatMap((step) => [step, make('wbr')]);
  return [head, ...url, `${NEXT}-d ${quoted(textOf(body))}`];
}

/** For a POSIX shell, which takes everything in single quotes as it is, but for them. */
const quoted = (text) => (/^[\w:/.%~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
