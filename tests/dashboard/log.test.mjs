// The log's page: a level that was refused does not stand there as if it held.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { page, settled } from './document.mjs';

const { log } = await import('../../src/web/dashboard/pages/log.js');

test('a level that is refused is set back, and the reason stays while lines come', async () => {
  const [main, tools] = ['main', 'div'].map((tag) => page.createElement(tag));
  page.body.append(main, tools);
  let tell;
  const answers = { GET: { ok: true, status: 200, body: { filter: 'info', configured: 'info' } },
    PUT: { ok: false, status: 403, body: { detail: 'acting is not on' } } };
  log.mount(main, { query: {}, tools, announce() {}, remember() {}, call: async (method) => answers[method],
    watch: (path, onSnapshot) => ((tell = onSnapshot), () => {}) });
  await settled();
  const select = tools.querySelector('select');
  assert.equal(select.value, 'info');
  select.value = 'error';
  select.dispatchEvent(new Event('change'));
  await settled();
  tell({ lines: [], dropped: 0 }, 'lines');
  assert.equal(select.value, 'info');
  const told = () => main.querySelectorAll('.problem').filter(({ hidden }) => !hidden).map(({ textContent }) => textContent);
  assert.deepEqual(told(), ['Acting is not on']);

  answers.PUT = { ok: true, status: 200, body: { filter: 'error', configured: 'info' } };
  select.value = 'error';
  select.dispatchEvent(new Event('change'));
  await settled();
  assert.deepEqual([select.value, told()], ['error', []]);
});
