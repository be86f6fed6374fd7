// What axe-core finds (all of its rules, also those that are advice), on every page that the daemon serves.

import assert from 'node:assert/strict';

import { judgedByAxe } from './axe.mjs';
import { SCHEMES, SIZES } from './measures.mjs';

export const accessibilitySteps = (t) => ({
  async 'axe finds nothing wrong with the demo: with every part open, while it shows failures, light and dark'() {
    for (const size of [SIZES[0], SIZES.at(-1)]) await findsNothing(t.demo, size);
  },

  async 'axe finds nothing wrong with the demo as it is first seen'() {
    const page = await t.browser.open(`${t.daemon.origin}/demo`);
    await page.reads('#status', 'Not subscribed');
    await findsNothing(page, SIZES[0]);
    await page.close();
  },

  async 'axe finds nothing wrong with the documentation, light and dark'() {
    const page = await t.browser.open(`${t.daemon.origin}/docs`);
    await findsNothing(page, SIZES[0]);
    await findsNothing(page, SIZES.at(-1));
    await page.close();
  },
});

async function findsNothing(page, size) {
  await page.resize(size);
  for (const scheme of SCHEMES) {
    await page.emulate({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
    const { passes, violations } = await judgedByAxe(page);
    assert.ok(passes > 10, `axe passed only ${passes} rules`);
    assert.deepEqual(violations, [], `${scheme}, ${size.width} wide: ${JSON.stringify(violations, null, 2)}`);
  }
  await page.emulate({});
}
