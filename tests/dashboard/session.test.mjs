// The key that a tab keeps: forgotten when it is refused, and not when the daemon is away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import './document.mjs';

const { credential, open, resume } = await import('../../src/web/dashboard/session.js');

const KEY = 'fk_kept';
const answering = (t, answer) => t.mock.method(globalThis, 'fetch', async () => answer());
const problem = (status) => () => Response.json({ title: `it is ${status}` }, { status, headers: { 'Content-Type': 'application/problem+json' } });
const unreachable = () => { throw new TypeError('failed'); };

async function keep(t) {
  answering(t, () => Response.json({ app: 'default' }));
  await open(KEY, true);
}

for (const [what, answer, said] of [['nothing', unreachable, /does not answer/], ['429', problem(429), /It is 429/], ['503', problem(503), /It is 503/]]) {
  test(`a daemon that answers ${what} leaves the key, and its owner is told why`, async (t) => {
    await keep(t);
    answering(t, answer);
    const { overview, problem: told } = await resume();
    assert.equal(overview, undefined);
    assert.match(told, said);
    answering(t, () => Response.json({ app: 'default' }));
    assert.deepEqual((await resume()).overview, { app: 'default' });
  });
}

for (const status of [401, 403]) {
  test(`a key that is refused with ${status} is forgotten, and its owner is told why`, async (t) => {
    await keep(t);
    answering(t, problem(status));
    assert.match((await resume()).problem, /key/);
    assert.equal(credential(), null);
    assert.deepEqual(await resume(), {});
  });
}
