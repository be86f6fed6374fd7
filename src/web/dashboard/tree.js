/**
 * A tree that is walked by the arrow keys (the WAI-ARIA pattern `tree`): one stop for Tab, inside of which ↑ ↓ move, → opens,
 * ← closes or goes to the parent, Home and End go to the ends, Enter opens the actor's page.
 */

import { make, putInOrder } from '../common/dom.js';
import { drawNode, HEADS } from './tree-node.js';

const FLASH_MS = 2500;

/** `open`: the ids of the open supervisors, which this changes before it calls `onOpen`. */
export function createTree({ open, onOpen, navigate }) {
  const list = make('div', { role: 'tree', className: 'tree', ariaLabel: 'Supervisors and workers' });
  const heads = make('div', { className: 'tree-row tree-heads', ariaHidden: 'true' }, ...HEADS.map(headOf));
  const element = make('div', { className: 'tree-frame' }, heads, list);
  const rows = new Map();
  let nodes = [];
  let current = null;
  list.addEventListener('keydown', (event) => onKey(event) && event.preventDefault());
  list.addEventListener('click', onClick);
  return { element, show };

  function show(all) {
    nodes = visible(all);
    const wanted = new Set(nodes.map(({ id }) => id));
    const hadFocus = list.contains(document.activeElement);
    for (const [id, { element: row }] of rows) {
      if (wanted.has(id)) continue;
      row.remove();
      rows.delete(id);
    }
    for (const node of nodes) {
      const row = rowOf(node);
      drawNode(row.element, node, { isOpen: isOpen(node) });
      flash(row, node);
    }
    putInOrder(list, nodes.map((node) => rowOf(node).element));
    if (!wanted.has(current)) current = nodes[0]?.id ?? null;
    focusable();
    if (hadFocus && !list.contains(document.activeElement)) rows.get(current)?.element.focus({ preventScroll: true });
  }

  /** With its level and place among its siblings; only what hangs on open ones. */
  function visible(all) {
    const children = Map.groupBy ? Map.groupBy(all, ({ parent }) => parent) : grouped(all);
    const walk = (parent, level) => (children.get(parent) ?? []).flatMap((node, at, siblings) => {
      const below = children.get(node.id) ?? [];
      const canOpen = Boolean(node.children) && node.id !== 'root';
      const own = { ...node, level, position: at + 1, siblings: siblings.length, canOpen, isRoot: node.id === 'root' };
      return [own, ...(isOpen(own) && below.length ? walk(node.id, level + 1) : [])];
    });
    return walk(null, 1);
  }

  function isOpen({ id, isRoot }) {
    return isRoot || open.has(id);
  }

  function rowOf({ id }) {
    if (!rows.has(id)) {
      const row = make('div', { role: 'treeitem', className: 'tree-row', tabIndex: -1 });
      row.dataset.id = id;
      rows.set(id, { element: row, restarts: null });
    }
    return rows.get(id);
  }

  /** A restart is seen for a moment, also by who wants no motion: the colour stays, and then goes. */
  function flash(row, { restarts }) {
    const isNews = row.restarts !== null && restarts > row.restarts;
    row.restarts = restarts;
    if (!isNews) return;
    clearTimeout(row.fading);
    row.element.removeAttribute('data-restarted');
    void row.element.offsetWidth; // an animation that goes on begins anew
    row.element.setAttribute('data-restarted', '');
    row.fading = setTimeout(() => row.element.removeAttribute('data-restarted'), FLASH_MS);
  }

  function focusable() {
    for (const [id, { element: row }] of rows) row.tabIndex = id === current ? 0 : -1;
  }

  function go(id) {
    if (!rows.has(id)) return;
    current = id;
    focusable();
    rows.get(id).element.focus();
  }

  function toggle(node, wanted = !open.has(node.id)) {
    if (!node.canOpen || wanted === open.has(node.id)) return;
    if (wanted) open.add(node.id);
    else open.delete(node.id);
    show(nodes); // at once; children come with the next answer
    onOpen();
  }

  function onClick(event) {
    const id = event.target.closest('[role=treeitem]')?.dataset.id;
    const node = nodes.find((one) => one.id === id);
    if (!node) return;
    go(id);
    if (event.target.closest('.twist')) toggle(node);
  }

  function onKey({ key, ctrlKey, metaKey, altKey }) {
    if (ctrlKey || metaKey || altKey) return false;
    const at = nodes.findIndex(({ id }) => id === current);
    const node = nodes[at];
    if (!node) return false;
    const act = {
      ArrowDown: () => go(nodes[at + 1]?.id),
      ArrowUp: () => go(nodes[at - 1]?.id),
      Home: () => go(nodes[0].id),
      End: () => go(nodes.at(-1).id),
      ArrowRight: () => {
        if (node.canOpen && !open.has(node.id)) toggle(node, true);
        else if (nodes[at + 1]?.parent === node.id) go(nodes[at + 1].id);
      },
      ArrowLeft: () => (node.canOpen && open.has(node.id) ? toggle(node, false) : go(node.parent)),
      Enter: () => node.href && navigate(node.href),
      ' ': () => toggle(node),
    }[key];
    act?.();
    return Boolean(act);
  }
}

function grouped(all) {
  const groups = new Map();
  for (const node of all) groups.set(node.parent, [...(groups.get(node.parent) ?? []), node]);
  return groups;
}

const headOf = ({ title, className }) => make('span', { className }, title);
