/** One line of the tree: what it is, how it fares, and what hangs on it. */

import { make } from '../common/dom.js';
import { number, rate } from './figures.js';
import { actorHash, isActor, kindOf } from './kinds.js';
import { drawMeter } from './meter.js';
import { drawPill } from './pills.js';
import { drawLink } from './table.js';

const alive = ({ children }) => (children ? number(children.alive) : '–');

/** The columns after the name. */
const CELLS = [
  { title: 'State', field: 'state', className: 'tree-state', draw: (cell, { state }) => drawPill(cell, state) },
  { title: 'Children', field: 'children.alive', text: alive },
  { title: 'Mailbox', field: 'mailbox.now', text: ({ mailbox }) => number(mailbox?.now) },
  { title: 'Messages/s', field: 'messages_per_second', text: (node) => rate(node.messages_per_second) },
  { title: 'Busy', field: 'busy', className: 'tree-busy', draw: (cell, { busy }) => drawMeter(cell, busy) },
  { title: 'Restarts', field: 'restarts', className: 'tree-restarts', text: ({ restarts }) => number(restarts) },
];

export const HEADS = [{ title: 'Name', className: 'tree-name' }, ...CELLS.map(({ title, className }) => ({ title, className: `tree-cell ${className ?? ''}` }))];

/** Draws it, or its new figures. */
export function drawNode(row, node, { isOpen }) {
  if (!row.firstElementChild) row.append(...parts());
  const [name, ...cells] = row.children;
  node.href = isActor(node) ? actorHash(node.id) : null;
  drawName(name, node, isOpen);
  CELLS.forEach(({ text, draw }, at) => {
    const place = cells[at].lastElementChild;
    if (draw) return draw(place, node);
    const now = text(node);
    if (place.textContent !== now) place.textContent = now;
  });
  row.style.setProperty('--level', node.level);
  const said = {
    'aria-level': node.level,
    'aria-posinset': node.position,
    'aria-setsize': node.siblings,
    'aria-expanded': node.canOpen ? String(isOpen) : null,
  };
  for (const [attribute, value] of Object.entries(said)) {
    if (value === null) row.removeAttribute(attribute);
    else if (row.getAttribute(attribute) !== String(value)) row.setAttribute(attribute, value);
  }
}

function parts() {
  const twist = make('span', { className: 'twist', ariaHidden: 'true' });
  const name = make('span', { className: 'tree-name' }, twist,
    make('span', { className: 'tree-text' }, make('span', { className: 'tree-link' }), make('span', { className: 'tree-kind quiet' })));
  return [name, ...CELLS.map(({ title, field, className }) => {
    const value = make('span', { className: 'value' });
    value.dataset.field = field;
    return make('span', { className: `tree-cell ${className ?? ''}` }, make('span', { className: 'tree-label' }, title), value);
  })];
}

function drawName(place, node, isOpen) {
  const [link, kind] = place.lastElementChild.children;
  if (node.href) drawLink(link, node.name, node.href);
  else if (link.textContent !== node.name) link.textContent = node.name;
  if (link.firstElementChild) link.firstElementChild.tabIndex = -1; // Enter does it; Tab passes by
  link.title = node.id;
  const more = [isSaidByPlace(node) ? '' : kindOf(node.kind), isOpen ? hidden(node) : ''].filter(Boolean).join(' · ');
  if (kind.textContent !== more) kind.textContent = more;
}

/** Workers stand below their supervisor, and these three are called what they are. */
const isSaidByPlace = ({ kind }) => !kind.endsWith('Supervisor');

/** `hidden`: children that are not listed. */
const hidden = ({ hidden: count, children }) =>
  (children && count > 0 && count < children.alive ? `${number(count)} more not listed` : '');
