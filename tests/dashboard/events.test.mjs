// Server-sent events as pages read them: whatever stands in their texts, and whatever becomes of the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const { events } = await import('../../src/web/common/api.js');

/** A server that sends these pieces, and then nothing more; whether its stream was given back. */
function serve(t, ...pieces) {
  const served = { isCancelled: false };
  t.mock.method(globalThis, 'fetch', async () => new Response(new ReadableStream({
    start: (stream) => pieces.forEach((piece) => stream.enqueue(new TextEncoder().encode(piece))),
    cancel() {
      served.isCancelled = true;
    },
  })));
  return served;
}

const frame = (event, data) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** The first so many. */
async function first(count) {
  const taken = [];
  for await (const one of events('/path')) {
    taken.push(one);
    if (taken.length === count) return taken;
  }
  return taken;
}

test('texts may have the separators at which a pattern would end a line', async (t) => {
  const names = ['team:\u2028', 'team:\u2029data: 7', 'a\u0085b', 'plain'];
  serve(t, ...names.map((name) => frame('snapshot', { name })));
  assert.deepEqual(await first(names.length), names.map((name) => ({ event: 'snapshot', data: { name } })));
});

test('events come whole, wherever they are cut, and comments are none', async (t) => {
  const text = `: alive\n\n${frame('snapshot', { n: 1 })}${frame('lines', { n: 2 })}`;
  serve(t, ...text);
  assert.deepEqual(await first(2), [{ event: 'snapshot', data: { n: 1 } }, { event: 'lines', data: { n: 2 } }]);
});

test('who reads no further gives the connection back', async (t) => {
  const served = serve(t, frame('snapshot', {}));
  await first(1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(served.isCancelled);
});

test('an event that cannot be read ends the stream, and gives the connection back', async (t) => {
  const served = serve(t, 'event: snapshot\ndata: {\n\n');
  await assert.rejects(first(1), SyntaxError);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(served.isCancelled);
});

test('a server that takes the question and says nothing is not waited for without end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(globalThis, 'fetch', (path, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))));
  const asked = first(1);
  t.mock.timers.tick(30_000);
  await assert.rejects(asked, { name: 'AbortError' });
});

test('who stops asking ends it, before its head and after', async (t) => {
  t.mock.method(globalThis, 'fetch', async (path, { signal }) => (signal.throwIfAborted(), new Response('')));
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(events('/path', null, controller.signal).next(), { name: 'AbortError' });
});
