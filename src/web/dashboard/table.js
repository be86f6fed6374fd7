/**
 * A table whose rows stay who they are while their figures change: nothing is drawn anew that is the same, what has the
 * focus keeps it, and while somebody points at a row or has the focus in one, rows do not change places. The daemon sorts.
 */

import { make } from '../common/dom.js';
import { nothing } from './problem.js';

const OTHER = { asc: 'desc', desc: 'asc' };
const LONG = 12; // characters
const SAID = { asc: 'ascending', desc: 'descending' };

/**
 * `columns`: `[{ title, text(row) | draw(cell, row), field, kind: 'text'|'number', width | least, sort, first: 'asc'|'desc',
 * head, wide, explained }]`, widths in rem: a column without one takes what is left. `sort` is what the daemon calls it, `head`
 * names the row, `wide` takes a whole line on a phone.
 * `onSort({ sort, order })` asks for another order. Answers `{ element, show(rows), sorted({ sort, order }) }`.
 */
export function createTable({ label, columns, id, onSort, empty = 'Nothing here.', hint, markRow = () => {} }) {
  const heads = columns.map((column) => createHead(column, (sort) => onSort(sort)));
  const body = make('tbody', { role: 'rowgroup' });
  const table = make('table', { role: 'table' },
    make('caption', { className: 'unseen' }, label),
    make('colgroup', {}, ...columns.map(widthOf)),
    make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...heads.map(({ cell }) => cell))), body);
  table.style.setProperty('--least', `${columns.reduce((sum, { width, least = 10 }) => sum + (width ?? least), 0)}rem`);
  const frame = make('div', { className: 'table-frame' }, table);
  const none = nothing(empty, hint);
  none.hidden = true;
  const element = make('div', { className: 'table' }, frame, none);
  const rows = new Map();
  let isPointedAt = false;
  body.addEventListener('pointerenter', ({ pointerType }) => (isPointedAt = pointerType === 'mouse'));
  body.addEventListener('pointerleave', () => (isPointedAt = false));
  let freed = false; // after another order was asked for, rows do change places

  return {
    element, body,
    show(items) {
      const holds = !freed && (isPointedAt || body.contains(document.activeElement));
      freed = false;
      const wanted = new Map(items.map((item) => [String(id(item)), item]));
      for (const [name, row] of rows) {
        if (wanted.has(name)) continue;
        row.element.remove();
        rows.delete(name);
      }
      for (const [name, item] of wanted) {
        if (!rows.has(name)) rows.set(name, createRow(name, columns));
        rows.get(name).show(item);
        markRow(rows.get(name).element, item);
      }
      place(body, [...wanted.keys()].map((name) => rows.get(name).element), holds);
      none.hidden = items.length > 0;
      table.toggleAttribute('data-empty', items.length === 0);
    },
    sorted(now) {
      freed = true;
      heads.forEach((head) => head.show(now));
    },
  };
}

function widthOf({ width }) {
  const column = make('col');
  if (width) column.style.width = `${width}rem`;
  return column;
}

function createHead({ title, kind, sort, first = kind === 'number' ? 'desc' : 'asc', explained }, onSort) {
  const cell = make('th', { role: 'columnheader', scope: 'col', className: kind === 'number' ? 'number' : '' });
  if (explained) cell.title = explained;
  if (!sort) {
    cell.append(title);
    return { cell, show() {} };
  }
  const button = make('button', { type: 'button', className: 'sort' }, title, make('span', { className: 'arrow', ariaHidden: 'true' }));
  let order = null;
  button.dataset.sort = sort;
  button.addEventListener('click', () => onSort({ sort, order: OTHER[order] ?? first }));
  cell.append(button);
  return {
    cell,
    show(now) {
      order = now.sort === sort ? now.order : null;
      if (order) cell.setAttribute('aria-sort', SAID[order]);
      else cell.removeAttribute('aria-sort');
    },
  };
}

function createRow(name, columns) {
  const element = make('tr', { role: 'row' });
  element.dataset.id = name;
  const cells = columns.map((column) => createCell(column));
  element.append(...cells.map(({ cell }) => cell));
  return { element, show: (item) => cells.forEach((one) => one.show(item)) };
}

function createCell({ title, text, draw, field, kind, head, wide }) {
  const cell = head ? make('th', { role: 'rowheader', scope: 'row' }) : make('td', { role: 'cell' });
  cell.dataset.label = title;
  if (kind === 'number') cell.classList.add('number');
  if (wide) cell.classList.add('wide');
  const place = make('span', { className: 'value' });
  if (field) place.dataset.field = field;
  cell.append(place);
  return {
    cell,
    show(item) {
      if (draw) return draw(place, item);
      const now = text(item);
      if (place.textContent === now) return;
      place.textContent = now;
      place.title = now.length > LONG ? now : ''; // it may be cut off
    },
  };
}

/** Puts the rows into this order; where it holds, those that are there stay, and new ones come after them. */
function place(body, order, holds) {
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  if (holds) return body.append(...order.filter((row) => !row.isConnected));
  let next = body.firstElementChild;
  for (const row of order) {
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

const TAIL = 7; // characters: ids that were made at one time differ at their end

/** Draws a link into its place, which keeps the same element. Where it is too long, its middle is left out. */
export function drawLink(place, text, href) {
  let link = place.firstElementChild;
  if (!link?.matches('a')) {
    link = make('a', { className: 'long' }, make('span', { className: 'long-head' }), make('span', { className: 'long-tail' }));
    place.replaceChildren(link);
  }
  if (link.getAttribute('href') !== href) link.setAttribute('href', href);
  if (link.textContent === text) return;
  const cut = text.length > 2 * TAIL ? text.length - TAIL : text.length;
  link.firstElementChild.textContent = text.slice(0, cut);
  link.lastElementChild.textContent = text.slice(cut);
}
