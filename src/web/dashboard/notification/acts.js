/** What can be done about a notification, by those who may: take it back, or send it again to those that failed. */

import { make } from '../../common/dom.js';
import { createDialog } from '../dialog.js';
import { number } from '../figures.js';
import { failedOf } from '../outcomes.js';
import { explain } from '../problem.js';
import { hashOf } from '../router.js';

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
    const once = { 'Idempotency-Key': `dashboard-${randomName()}` }; // pressed twice, or answered too late: one notification
    let sent = null;
    createDialog({
      title: 'Send it again?',
      body: [make('p', {}, `A new notification with the same content goes to those alone whose delivery was rejected, expired `
        + `or was too large (${number(failed)}), as far as they still are in its channel. Its time to live begins anew.`)],
      confirm: { label: 'Send again', busy: 'Sending …', work: async () => {
        const answer = await context.call('POST', `${path}/resend`, undefined, once);
        if (!answer.ok) return explain(answer);
        sent = answer.body;
        return '';
      } },
    }).then(() => {
      if (!sent) return;
      context.announce(`Sent again to ${number(sent.recipients)}.`);
      context.navigate(hashOf(['notifications', sent.id]));
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

/** Not `crypto.randomUUID`: that is not there without https. */
function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
