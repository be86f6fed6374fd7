/** A question before something happens, or a note, in a `<dialog>`: Escape closes it, and the focus goes back. */

import { make, tell, whileBusy } from '../common/dom.js';
import { createProblem } from './problem.js';

let count = 0;
const leaving = new Set();

/** Takes away what is open: its page goes. What was begun there goes on. */
export function closeDialogs() {
  for (const leave of leaving) leave();
}

/**
 * `confirm: { label, busy, danger, work }`: `work(say)` answers nothing when all is well, or what went wrong in words, which
 * is shown there; `say(text)` tells how far it is. While it is under way the dialog stays: whoever closed it would not learn
 * how it ended. Answers a promise of whether it was done.
 */
export function createDialog({ title, body, confirm, cancel = 'Cancel' }) {
  const id = `dialog-${++count}`;
  const problem = createProblem();
  const progress = make('p', { className: 'quiet', role: 'status', hidden: true });
  const close = make('button', { type: 'button' }, cancel);
  const buttons = make('div', { className: 'dialog-buttons' }, close);
  const dialog = make('dialog', { className: 'dialog' }, make('h2', { id }, title), ...body, progress, problem.element, buttons);
  dialog.setAttribute('aria-labelledby', id);
  let [done, isUnderWay] = [false, false];
  if (confirm) buttons.append(confirmButton(confirm, problem, work));
  close.addEventListener('click', () => isUnderWay || dialog.close());
  dialog.addEventListener('cancel', (event) => isUnderWay && event.preventDefault());
  // A browser closes at the second Escape, whatever the page says to `cancel`.
  dialog.addEventListener('keydown', (event) => isUnderWay && event.key === 'Escape' && event.preventDefault());
  let cameFrom = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  close.focus(); // the harmless one
  const leave = () => {
    cameFrom = null;
    dialog.close();
    dialog.remove();
  };
  leaving.add(leave);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      leaving.delete(leave);
      dialog.remove();
      if (cameFrom?.isConnected) cameFrom.focus();
      resolve(done);
    });
  });

  async function work() {
    isUnderWay = true;
    close.setAttribute('aria-disabled', 'true');
    try {
      const wrong = await confirm.work((text) => tell(progress, text));
      if (wrong) return problem.tell(wrong);
      done = true;
    } finally {
      isUnderWay = false;
      close.removeAttribute('aria-disabled');
    }
    dialog.close();
  }
}

function confirmButton({ label, busy, danger }, problem, work) {
  const button = make('button', { type: 'button', className: danger ? 'danger' : 'primary', id: 'confirm' }, label);
  button.addEventListener('click', () => whileBusy(button, busy, () => {
    problem.clear();
    return work();
  }));
  return button;
}
