/**
 * A table whose rows stay who they are while their figures change: nothing is drawn anew that is the same, what has the
 * focus keeps it, and while somebody points at a row or has the focus in one, rows do not change places, but for those that
 * go. Where that one goes, the focus stays in the row that is then at its place. The daemon sorts.
 */

import { make, putInOrder, setText } from '../common/dom.js';
import { nothing } from './problem.js';

const OTHER = { asc: 'desc', desc: 'asc' };
const LONG = 12; // characters
const FOCUSABLE = 'a, button';
const SAID = { asc: 'ascending', desc: 'descending' };

/**
 * `columns`: `[{ title, text(row) | draw(cell, row), field, kind: 'text'|'number', width | least, sort, first: 'asc'|'desc',
 * head, wide, explained }]`, widths in rem: a column without one takes what is left. `sort` is what the daemon calls it, `head`
 * names the row, `wide` takes a whole line on a phone.
 * `onSort({ sort, order })` asks for another order. Answers `{ element, show(rows, [text, hint]), sorted({ sort, order }) }`,
 * where the text and the hint stand instead of `empty` and `hint` for this time.
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
    show(items, said = [empty, hint]) {
      const focus = focusIn(body);
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
      if (focus && !focus.element.isConnected) giveFocus(body, focus, element);
      [...none.children].forEach((line, at) => setText(line, said[at] ?? ''));
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
  const arrow = make('span', { className: 'arrow', ariaHidden: 'true' });
  const button = make('button', { type: 'button', className: 'sort' }, title, arrow);
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
  if (holds) body.append(...order.filter((row) => !row.isConnected));
  else putInOrder(body, order);
}

/** What has the focus, in which row and which cell; nothing where it is elsewhere. */
function focusIn(body) {
  const element = document.activeElement;
  const row = body.contains(element) && element.closest('tr');
  if (!row) return null;
  return { element, row: [...body.children].indexOf(row), cell: [...row.children].findIndex((cell) => cell.contains(element)) };
}

/** To the same cell of the row that is now at that place, or else to the row's first; where no row is left, to the table. */
function giveFocus(body, { row, cell }, element) {
  const now = body.children[Math.min(row, body.children.length - 1)];
  const next = now?.children[cell]?.querySelector(FOCUSABLE) ?? now?.querySelector(FOCUSABLE) ?? element;
  if (next === element) element.tabIndex = -1;
  next.focus({ preventScroll: true });
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
