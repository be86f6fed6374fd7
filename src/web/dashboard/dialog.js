/** A question before something happens, or a note, in a `<dialog>`: Escape closes it, and the focus goes back. */

import { make, whileBusy } from '../common/dom.js';
import { createProblem } from './problem.js';

let count = 0;

/**
 * `confirm: { label, busy, danger, work }`: `work` answers nothing when all is well, or what went wrong in words, which is
 * shown there. Answers a promise of whether it was done.
 */
export function createDialog({ title, body, confirm, cancel = 'Cancel' }) {
  const id = `dialog-${++count}`;
  const problem = createProblem();
  const close = make('button', { type: 'button' }, cancel);
  const buttons = [close];
  const dialog = make('dialog', { className: 'dialog' },
    make('h2', { id }, title), ...body, problem.element, make('div', { className: 'dialog-buttons' }));
  dialog.setAttribute('aria-labelledby', id);
  let done = false;
  if (confirm) buttons.push(confirmButton(confirm, problem, () => ((done = true), dialog.close())));
  dialog.lastElementChild.append(...buttons);
  close.addEventListener('click', () => dialog.close());
  const cameFrom = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  close.focus(); // the harmless one
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (cameFrom?.isConnected) cameFrom.focus();
      resolve(done);
    });
  });
}

function confirmButton({ label, busy, danger, work }, problem, finish) {
  const button = make('button', { type: 'button', className: danger ? 'danger' : 'primary', id: 'confirm' }, label);
  button.addEventListener('click', () => whileBusy(button, busy, async () => {
    problem.clear();
    const wrong = await work();
    if (wrong) problem.tell(wrong);
    else finish();
  }));
  return button;
}
