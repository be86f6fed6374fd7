/** What a notification is: where it went, its times, and what devices have said of it. */

import { make } from '../../common/dom.js';
import { redrawn } from '../cells.js';
import { number, share, timeOf } from '../figures.js';
import { hashOf } from '../router.js';

const FACTS = [
  ['Channel', ({ channel }) => [channel, () => make('a', { href: hashOf(['notifications'], { channel }) }, channel)]],
  ['Number in its log', ({ seq }) => [number(seq)]],
  ['Recipients', ({ recipients }) => [number(recipients)]],
  ['Accepted by Fanfare', ({ created }) => [created, () => timeOf(created)]],
  ['To be sent', ({ send_at: due }) => [due ?? 'at once', () => (due ? timeOf(due) : 'at once')]],
  ['Not sent after', ({ expires }) => [expires, () => timeOf(expires)]],
];
const RECEIPTS = [['Shown', 'shown'], ['Clicked', 'clicked'], ['Closed', 'closed']];

export function createFacts() {
  const lines = FACTS.map(([words, read]) => ({ place: make('dd'), words, read }));
  const receipts = RECEIPTS.map(([words, field]) => ({ place: make('dd'), words, field }));
  const said = make('div', { hidden: true }, make('h3', {}, 'What devices said'), list(receipts));
  const element = make('section', { className: 'panel facts' },
    make('h2', { id: 'facts-title' }, 'What it is'), list(lines), said);
  element.setAttribute('aria-labelledby', 'facts-title');
  receipts.forEach(({ place, field }) => (place.dataset.field = `receipts.${field}`));
  return {
    element,
    show(status) {
      for (const { place, read } of lines) {
        const [text, draw = () => text] = read(status);
        redrawn(place, text, () => [draw()]);
      }
      said.hidden = !status.receipts;
      if (!status.receipts) return;
      const { accepted } = status.outcomes;
      for (const { place, field } of receipts) {
        const count = status.receipts[field];
        const of = accepted ? ` (${share(count / accepted)})` : '';
        redrawn(place, `${count}${of}`, () => [`${number(count)}${of}`]);
      }
    },
  };
}

const list = (lines) => make('dl', {}, ...lines.map(({ place, words }) => make('div', {}, make('dt', {}, words), place)));
