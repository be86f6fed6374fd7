/** Whether a page's figures are live: one word for all of its streams, and the button that holds them still. */

import { make } from '../common/dom.js';
import { isHeld, onLooking, togglePause } from './looking.js';

/** The worst comes first. */
const WORDS = [
  ['refused', 'Refused'],
  ['broken', 'No answer'],
  ['held', 'Held still'],
  ['asking', 'Asking …'],
  ['live', 'Live'],
];

export function createStatus() {
  const streams = new Map();
  const word = make('span', { className: 'live', id: 'live' });
  const button = make('button', { type: 'button', id: 'pause', className: 'small' });
  button.addEventListener('click', togglePause);
  const element = make('div', { className: 'page-live', hidden: true }, word, button);
  const show = () => {
    const states = new Set(streams.values());
    element.hidden = states.size === 0;
    const [state, text] = WORDS.find(([name]) => states.has(name)) ?? WORDS.at(-1);
    word.dataset.state = state;
    if (word.textContent !== text) word.textContent = text;
  };
  const label = () => (button.textContent = isHeld() ? 'Go on' : 'Pause');
  label();
  const stop = onLooking(label);
  return {
    element, stop,
    /** One stream's place in it. */
    place() {
      const key = {};
      return {
        tell: (state) => (streams.set(key, state), show()),
        forget: () => (streams.delete(key), show()),
      };
    },
  };
}
