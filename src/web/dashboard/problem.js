/** What went wrong, in words, where the person looks. */

import { capitalized, make } from '../common/dom.js';

/** An answer that is none, or not the one that was asked for. */
export function explain({ status, body }) {
  if (status === 0) return 'The server does not answer. Is it still running?';
  const told = body?.detail ?? body?.title;
  return told ? capitalized(told) : `The server answered ${status}.`;
}

/** A place for what went wrong, empty until something does. */
export function createProblem() {
  const element = make('p', { className: 'problem', role: 'alert', hidden: true });
  const tell = (text) => {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !text;
  };
  return { element, tell, show: (answer) => tell(explain(answer)), clear: () => tell('') };
}

/** Where a list would be, but nothing is. */
export const nothing = (text, hint) =>
  make('div', { className: 'nothing' }, make('p', {}, text), ...(hint ? [make('p', { className: 'quiet' }, hint)] : []));
