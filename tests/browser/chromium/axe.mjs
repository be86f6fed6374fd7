// axe-core in a page: all of its rules, also those that are advice.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** How many rules the page as it is now passes, and what axe-core finds wrong with it. */
export async function judgedByAxe(page) {
  const isThere = await page.run(`typeof axe !== 'undefined'`);
  if (!isThere) await page.run(`${AXE}; undefined`); // by DevTools: no policy of the page has a say in it
  return page.evaluate(async () => {
    const found = await axe.run();
    const short = ({ html, failureSummary }) => [html.slice(0, 200), failureSummary];
    return {
      passes: found.passes.length,
      violations: found.violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(short) })),
    };
  });
}
