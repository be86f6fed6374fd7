// How the demo page fits: nothing beyond the edge, everything large enough for a finger, every text readable.

import assert from 'node:assert/strict';

import { contrastFaults, SCHEMES, SIZES, tooSmall } from './measures.mjs';

const MIN_TARGET = 44; // CSS pixels, WCAG 2.5.5
const STOPS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
const MIN_CONTRAST = 4.5; // WCAG 1.4.3

export const layoutSteps = (t) => ({
  ...Object.fromEntries(SIZES.map((size) => [
    `at ${size.width} by ${size.height} nothing is wider than the window, light and dark, with every part open`,
    async () => {
      await prepare(t, size);
      for (const scheme of SCHEMES) {
        await t.demo.emulate({ 'prefers-color-scheme': scheme });
        const over = await t.demo.evaluate((width) => ({
          page: document.documentElement.scrollWidth,
          elements: [...document.querySelectorAll('body *')]
            .filter((element) => element.checkVisibility() && !element.matches('.unseen'))
            .filter((element) => element.getBoundingClientRect().right > width + 0.5)
            .map((element) => element.outerHTML.slice(0, 120)),
        }), size.width);
        assert.deepEqual(over, { page: size.width, elements: [] });
      }
    },
  ])),

  async 'on a phone everything that can be pressed is at least 44 pixels high'() {
    await prepare(t, SIZES.at(-1));
    assert.deepEqual(await t.demo.evaluate(tooSmall, MIN_TARGET), []);
  },

  async 'every text has a contrast of at least 4.5 to 1, light and dark'() {
    for (const scheme of SCHEMES) {
      await t.demo.emulate({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
      const { texts, faults } = await t.demo.evaluate(contrastFaults, MIN_CONTRAST);
      assert.ok(texts > 60, `only ${texts} texts were measured`);
      assert.deepEqual(faults, [], scheme);
    }
  },

  async 'with less motion wanted nothing moves, and with forced colours the focus is still seen'() {
    await t.demo.emulate({ 'prefers-reduced-motion': 'reduce' });
    const moving = await t.demo.run(`[...document.querySelectorAll('*')].map((one) => getComputedStyle(one))
      .filter((style) => style.transitionDuration !== '0s' || style.animationName !== 'none').length`);
    assert.equal(moving, 0);
    await t.demo.emulate({ 'forced-colors': 'active' });
    await t.demo.tabTo('#send');
    const outline = await t.demo.run(`getComputedStyle(document.activeElement).outline`);
    assert.match(outline, /3px/);
    await t.demo.emulate({});
  },

  async 'Tab leads through the page in its order, and what has the focus shows it'() {
    await t.demo.run('document.activeElement.blur(), getSelection().removeAllRanges(), scrollTo(0, 0)');
    const stops = await t.demo.run(`[...document.querySelectorAll('${STOPS}')]
      .filter((one) => one.checkVisibility() && !one.disabled && (one.type !== 'radio' || one.checked)).length`);
    await t.demo.tabTo('nav a');
    let last = -1;
    for (let stop = 0; stop < stops; stop += 1) {
      const { place, outline, name } = await t.demo.run(`({
        place: [...document.querySelectorAll('*')].indexOf(document.activeElement),
        outline: getComputedStyle(document.activeElement).outlineStyle,
        name: document.activeElement.outerHTML.slice(0, 100),
      })`);
      assert.notEqual(outline, 'none', name);
      // A date has several stops in one place.
      assert.ok(place >= last, `${name} comes before its turn`);
      if (place === last) stop -= 1;
      last = place;
      await t.demo.press('Tab');
    }
  },
});

/** Everything open, with a notification's failures and an arrival in sight. */
async function prepare(t, size) {
  await t.demo.resize(size);
  await t.demo.run(`document.querySelectorAll('details').forEach((one) => (one.open = true))`);
}
