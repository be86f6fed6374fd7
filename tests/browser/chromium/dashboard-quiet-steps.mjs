// What must not have happened on any page of the dashboard, in all of this run.

import assert from 'node:assert/strict';

import { judged } from './complaints.mjs';

/** What the browser logs by itself where a step asked for it, and how often. */
const ASKED_FOR = [[/status of 401 /, 2], [/status of 403 /, 1], [/status of 404 /, 1]];

export const quietSteps = (t) => ({
  async 'no page of the dashboard logged an error, threw, or broke its policy'() {
    const { surprises, unheard } = judged(t.browser.complaints, ASKED_FOR);
    assert.deepEqual(surprises, []);
    assert.deepEqual(unheard, [], 'what pages complain about is not heard');
  },

  async 'nobody but the daemon was asked, and no key stood in an address'() {
    const urls = t.browser.requests.filter((url) => !url.startsWith('data:'));
    assert.ok(urls.length > 100);
    assert.deepEqual([...new Set(urls.map((url) => new URL(url).origin))], [t.daemon.origin]);
    assert.deepEqual(urls.filter((url) => url.includes('fk_')), []);
  },
});
