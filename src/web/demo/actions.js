/** The notification's buttons: as many as wanted, each a group of fields of its own. */

import { make } from '../common/dom.js';
import { createField } from './field.js';
import { ACTION } from './fields.js';

/** `{ element, fields() }`; `changed` is called when there are more or fewer. */
export function createActions(changed) {
  const rows = [];
  const list = make('div', { className: 'action-list' });
  const add = make('button', { id: 'add-button', type: 'button' }, 'Add a button');
  add.addEventListener('click', () => {
    const row = createRow(rows, remove);
    rows.push(row);
    list.append(row.element);
    number(rows);
    row.fields[0].input.focus();
    changed();
  });

  function remove(row) {
    rows.splice(rows.indexOf(row), 1);
    row.element.remove();
    number(rows);
    add.focus();
    changed();
  }

  const hint = make('p', { className: 'hint' }, 'Not every browser shows them, and most systems show two at most.');
  return { element: make('div', {}, hint, list, add), fields: () => rows.flatMap(({ fields }) => fields) };
}

function createRow(rows, remove) {
  const row = { legend: make('legend') };
  row.fields = ACTION.map(({ name, ...field }) =>
    createField({ ...field, at: () => `#/notification/actions/${rows.indexOf(row)}/${name}` }));
  const button = make('button', { type: 'button' }, 'Remove');
  button.addEventListener('click', () => remove(row));
  row.button = button;
  const fields = make('div', { className: 'fields' }, ...row.fields.map(({ element }) => element));
  row.element = make('fieldset', { className: 'action' }, row.legend, fields, button);
  return row;
}

function number(rows) {
  rows.forEach((row, at) => {
    row.legend.textContent = `Button ${at + 1}`;
    row.button.setAttribute('aria-label', `Remove button ${at + 1}`);
  });
}
