/** What can be done about a notification, by those who may: take it back, or send it again to those that failed. */

import { make } from '../../common/dom.js';
import { createDialog } from '../dialog.js';
import { number } from '../figures.js';
import { failedOf } from '../outcomes.js';
import { explain } from '../problem.js';
import { hashOf } from '../router.js';

const NOBODY = 'nothing-to-resend';

/**
 * What was begun and has not ended, by the notification's path: the name under which it is sent again, where to go on, and to
 * how many it went so far. It outlives the dialog and the page: pressed again, it goes on, and nobody gets it twice.
 */
const begun = new Map();

/** `onChange(status)`: when the daemon says how it stands after a cancel. */
export function createActs(context, path, { onChange }) {
  const may = context.overview.scopes.includes('notify');
  const cancel = make('button', { type: 'button', id: 'cancel', hidden: true }, 'Cancel it');
  const resend = make('button', { type: 'button', id: 'resend', hidden: true }, 'Send again to those that failed');
  const element = make('div', { className: 'acts' }, ...(may ? [resend, cancel] : []));
  let failed = 0;

  cancel.addEventListener('click', () => createDialog({
    title: 'Cancel this notification?',
    body: [make('p', {}, 'What was not sent is not sent any more. What is on its way now still arrives.')],
    cancel: 'Let it go on',
    confirm: { label: 'Cancel it', busy: 'Cancelling …', danger: true, work: async () => {
      const answer = await context.call('DELETE', path);
      if (!answer.ok) return explain(answer);
      context.announce('Cancelled.');
      onChange(answer.body);
      return '';
    } },
  }));

  resend.addEventListener('click', () => {
    let sent = null;
    const before = begun.get(path)?.recipients;
    const isBegun = before ? [make('p', {}, `It was begun: ${number(before)} were sent to already, and the others follow.`)] : [];
    createDialog({
      title: 'Send it again?',
      body: [make('p', {}, `A new notification with the same content goes to those alone whose delivery was rejected, expired `
        + `or was too large (${number(failed)}), as far as they still are in its channel. Its time to live begins anew.`), ...isBegun],
      confirm: { label: 'Send again', busy: 'Sending …', work: async (say) => {
        const { wrong, ...all } = await sendAgain(context, path, (recipients) => say(`Sent again to ${number(recipients)} so far.`));
        if (!wrong) sent = all;
        return wrong;
      } },
    }).then((done) => {
      if (!done) return;
      context.announce(`Sent again to ${number(sent.recipients)}.`);
      context.navigate(sent.parts === 1 ? hashOf(['notifications', sent.id]) : hashOf(['notifications'], { channel: sent.channel }));
    });
  });

  return {
    element,
    show({ state, outcomes }) {
      failed = failedOf(outcomes);
      const isOver = state === 'done' || state === 'cancelled';
      cancel.hidden = isOver;
      resend.hidden = !isOver || failed === 0; // sooner, those that fail later would need another
    },
  };
}

/** The daemon sends to so many in a call, and says where to go on: each part is a notification of its own. */
async function sendAgain(context, path, onPart) {
  if (!begun.has(path)) begun.set(path, { name: randomName(), cursor: 0, recipients: 0, parts: 0 });
  const all = begun.get(path);
  while (all.cursor !== null) {
    const { cursor } = all;
    const [part, query] = cursor ? [`-${cursor}`, `?cursor=${cursor}`] : ['', ''];
    const headers = { 'Idempotency-Key': `dashboard-${all.name}${part}` };
    const { ok, slug, body, ...answer } = await context.call('POST', `${path}/resend${query}`, undefined, headers);
    if (all.cursor !== cursor) continue; // the same was pressed twice, and the other has gone on
    const isEmpty = slug === NOBODY && all.parts > 0; // of this part all have left
    if (!ok && !isEmpty) return { wrong: explain({ body, ...answer }) };
    if (ok) Object.assign(all, { id: body.id, channel: body.channel, recipients: all.recipients + body.recipients, parts: all.parts + 1 });
    all.cursor = body.next ?? null;
    onPart(all.recipients);
  }
  begun.delete(path);
  return all;
}

/** Not `crypto.randomUUID`: that is not there without https. */
function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
