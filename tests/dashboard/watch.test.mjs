// Following a path: one event where all is held still, none where nobody looks, and what comes after a break.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { page, settled } from './document.mjs';

const { isHeld, togglePause } = await import('../../src/web/dashboard/looking.js');
const { askAgain, watch } = await import('../../src/web/dashboard/watch.js');

/** What is asked, in order; the streams that are open take `event(data)`. */
let asked;
let open;
let events;
let states;

beforeEach((t) => {
  [asked, open, events, states] = [[], new Set(), [], []];
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(Math, 'random', () => 0.5);
  t.mock.method(globalThis, 'fetch', async (path, { headers, signal }) => {
    asked.push(path);
    if (headers.Accept !== 'text/event-stream') return Response.json({ n: asked.length });
    return new Response(new ReadableStream({
      start(controller) {
        const stream = {
          event: (data) => controller.enqueue(new TextEncoder().encode(`event: snapshot\ndata: ${JSON.stringify(data)}\n\n`)),
          end: () => (open.delete(stream), controller.close()),
        };
        open.add(stream);
        signal.addEventListener('abort', () => open.delete(stream) && controller.error(signal.reason));
      },
    }));
  });
});

afterEach(() => isHeld() && togglePause());

const follow = (path) => watch(path, { onEvent: (data) => events.push(data), onState: (state) => states.push(state) });
const tell = async (data) => {
  for (const stream of open) stream.event(data);
  await turns();
};
async function turns() {
  for (let count = 0; count < 10; count += 1) await settled();
}
function setHidden(hidden) {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
}

test('what is held still by hand shows another page once, and goes no further', async () => {
  togglePause();
  const stop = follow('/page');
  await turns();
  await tell(1);
  assert.deepEqual([asked, events, open.size, states.at(-1)], [['/page'], [1], 0, 'held']);
  togglePause();
  await turns();
  await tell(2);
  assert.deepEqual([asked, events, states.at(-1)], [['/page', '/page'], [1, 2], 'live']);
  togglePause();
  await turns();
  assert.deepEqual([open.size, states.at(-1)], [0, 'held']);
  stop();
});

test('a tab that nobody sees asks nothing, also not what is held still', async () => {
  for (const isAlsoHeld of [false, true]) {
    if (isAlsoHeld) togglePause();
    asked.length = 0;
    setHidden(true);
    const stop = follow('/page');
    await turns();
    assert.deepEqual(asked, []);
    setHidden(false);
    await turns();
    assert.deepEqual(asked, ['/page']);
    stop();
  }
});

test('a stream that ends is asked for again, after a while', async (t) => {
  const stop = follow('/page');
  await turns();
  await tell(1);
  for (const stream of open) stream.end();
  await turns();
  assert.deepEqual([asked.length, states.at(-1)], [1, 'broken']);
  t.mock.timers.tick(500);
  await turns();
  await tell(2);
  assert.deepEqual([asked.length, events, states.at(-1)], [2, [1, 2], 'live']);
  stop();
});

test('a question is asked again while somebody looks, and at once when somebody looks again', async (t) => {
  const answers = [];
  const stop = askAgain('/warnings', 5, ({ body: { n } }) => answers.push(n));
  await turns();
  assert.deepEqual(answers, [1]);
  t.mock.timers.tick(5000);
  await turns();
  assert.deepEqual(answers, [1, 2]);
  setHidden(true);
  t.mock.timers.tick(5000);
  await turns();
  assert.deepEqual(answers, [1, 2]);
  setHidden(false);
  await turns();
  assert.deepEqual(answers, [1, 2, 3]);
  stop();
  t.mock.timers.tick(5000);
  await turns();
  assert.deepEqual(answers, [1, 2, 3]);
});
