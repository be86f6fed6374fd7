// How every page looks under the fan-out, large and small, light and dark: nothing beyond the edge, everything readable.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../limits.mjs';
import { judgedByAxe } from './axe.mjs';
import { Publisher } from './fan-out.mjs';
import { contrastFaults, SCHEMES, tooSmall } from './measures.mjs';

export const SIZES = [{ width: 1440, height: 900 }, { width: 390, height: 844 }];
const MIN_CONTRAST = 4.5; // WCAG 1.4.3
const MIN_TARGET = 24; // CSS pixels, WCAG 2.5.8

/** Pages besides those of the navigation: `{ name: [hash, page] }`. */
const MORE = {
  'tree-open': () => ['tree?expand=channels,subscriptions.0', 'tree'],
  supervisor: () => ['actors/subscriptions.0', 'actor'],
  worker: (t) => [`actors/${t.worker}`, 'actor'],
  notification: (t) => [`notifications/${t.failed}`, 'notification'],
};

export const layoutSteps = (t) => ({
  async 'the fan-out begins again'() {
    t.publisher = Publisher.start(t.daemon, 'news');
    const { items } = await t.daemon.call('GET', '/v1/observe/actors?kind=ChannelWorker&q=news');
    t.worker = items[0].id;
  },

  ...Object.fromEntries(SIZES.flatMap((size) => SCHEMES.map((scheme) => [
    `${size.width} wide and ${scheme}, every page fits, can be read, and axe finds nothing wrong with it`,
    async () => {
      await dress(t, size, scheme);
      const pages = [...t.pages.map((name) => [name, [name, name]]), ...Object.entries(MORE).map(([name, of]) => [name, of(t)])];
      const faults = {};
      for (const [name, [hash, page]] of pages) {
        await t.dashboard.go(hash, page);
        await t.page.reads('#live', /^(Live|)$/); // nothing: what is shown does not change, or is asked for now and then
        const found = await judge(t, name, size, scheme);
        if (found.length) faults[name] = found;
      }
      assert.deepEqual(faults, {}, JSON.stringify(faults, null, 1));
      await t.page.emulate({});
    },
  ]))),

  async 'figures that change move nothing: no page shifts while it is live'() {
    await t.page.resize(SIZES[0]);
    for (const name of ['tree', 'actors?kind=SubscriptionSupervisor&sort=name&order=asc', 'system', 'push-services', 'channels']) {
      await t.dashboard.go(name);
      await t.page.evaluate(watchShifts);
      await passes(t, 3);
      assert.deepEqual(await t.page.run('shifted'), [], name);
      await t.page.run(`document.querySelector('#main').prepend(document.createElement('hr'))`);
      await until(20, `a shift of ${name} to be noticed`, () => t.page.run('shifted.length > 0'));
    }
  },
});

/** Waits until so many more were published: figures changed meanwhile. */
async function passes(t, more) {
  const wanted = t.publisher.sent.length + more;
  await until(20, 'the fan-out to go on', () => t.publisher.sent.length >= wanted);
}

/** Has the page that size and scheme. */
export async function dress(t, size, scheme) {
  await t.page.resize(size);
  await t.page.emulate({ 'prefers-color-scheme': scheme, 'prefers-reduced-motion': 'reduce' });
}

/** What is wrong with how the page looks; it is kept as a picture, if pictures are wanted. */
export async function judge(t, name, size, scheme) {
  if (t.screenshots) {
    mkdirSync(t.screenshots, { recursive: true });
    await t.page.screenshot(join(t.screenshots, `${name}-${size.width}-${scheme}.png`));
  }
  return faultsOf(t.page, size);
}

async function faultsOf(page, { width }) {
  const faults = [];
  const over = await page.evaluate(beyondTheEdge, width);
  const wide = await page.run('document.documentElement.scrollWidth');
  if (wide > width) faults.push(`it is ${wide} wide`);
  faults.push(...over.slice(0, 5).map((element) => `beyond the edge: ${element}`));
  const contrast = await page.evaluate(contrastFaults, MIN_CONTRAST);
  // A page without anything wrong has no more than its name, on a phone.
  if (contrast.texts < 10) faults.push(`only ${contrast.texts} texts were measured`);
  faults.push(...contrast.faults.slice(0, 5));
  if (width < 600) faults.push(...await small(page));
  const { passes: rules, violations } = await judgedByAxe(page);
  if (rules <= 10) faults.push(`axe passed only ${rules} rules`);
  return [...faults, ...violations];
}

/** What a finger would miss; a link amid a log line's text may be as high as the line. */
async function small(page) {
  const found = (await page.evaluate(tooSmall, MIN_TARGET)).filter(([html]) => !html.includes('line-link'));
  return found.slice(0, 5).map(([html, height]) => `${height} high: ${html}`);
}

/** What is seen of the page's elements farther right than that, but for what can be scrolled to. Runs in the page. */
function beyondTheEdge(widest) {
  const isScrolled = (element) => {
    for (let up = element.parentElement; up !== document.body && up; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    }
    return false;
  };
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.checkVisibility() && !element.closest('.unseen, .skip') && !isScrolled(element))
    .filter((element) => element.getBoundingClientRect().right > widest + 0.5)
    .map((element) => element.outerHTML.slice(0, 120));
}

/**
 * Writes down what moves up or down from now on, when what came first is painted; a figure at the right edge may get another
 * digit. Runs in the page.
 */
async function watchShifts() {
  for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  globalThis.shifted = [];
  const isMoved = ({ previousRect: was, currentRect: is }) => was.height > 0 && is.height > 0 && Math.abs(was.top - is.top) > 1;
  const told = ({ node, previousRect, currentRect }) =>
    `${(node?.outerHTML ?? node?.textContent ?? '').slice(0, 80)} from ${previousRect.top} to ${currentRect.top}`;
  new PerformanceObserver((list) => list.getEntries().forEach(({ sources }) => shifted.push(...sources.filter(isMoved).map(told))))
    .observe({ type: 'layout-shift' });
}
