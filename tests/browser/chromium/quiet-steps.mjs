// What must not have happened, in any page or worker of this run.

import assert from 'node:assert/strict';

import { judged } from './complaints.mjs';

/** What the browser logs by itself where a step asked for it, and how often. */
const ASKED_FOR = [
  [/status of 422 /, 7], [/status of 401 /, 3], [/status of 403 /, 1], [/status of 404 /, 6], [/status of 413 /, 1],
  [/status of 429 /, 3], [/ERR_CONNECTION_RESET/, 5], [/ERR_CONNECTION_REFUSED/, 1],
  [/^The Cross-Origin-Opener-Policy header has been ignored/, 1],
];

export const quietSteps = (t) => ({
  async 'no page and no worker logged an error, threw, or broke its policy'() {
    const { surprises, unheard } = judged(t.browser.complaints, ASKED_FOR);
    assert.deepEqual(surprises, []);
    assert.deepEqual(unheard, [], 'what pages complain about is not heard');
  },

  async 'no page and no worker asked another host'() {
    const urls = t.browser.requests.filter((url) => !url.startsWith('data:'));
    const hosts = new Set(urls.map((url) => new URL(url).origin));
    const port = new URL(t.daemon.origin).port;
    const known = new Set([t.daemon.origin, t.app.origin, `http://insecure.test:${port}`]);
    assert.deepEqual([...hosts].filter((host) => !known.has(host)), []);
    assert.ok(t.browser.requests.some((url) => url.endsWith('/docs')));
    assert.ok(t.browser.requests.some((url) => url.endsWith('/sdk/fanfare-sw.js')));
  },
});
