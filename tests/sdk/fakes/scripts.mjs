/** The very files that ship, and how they run: each in a realm of its own, with the globals that it is given. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';

const SOURCES = join(import.meta.dirname, '../../../src/web');

export const source = (name) => readFileSync(join(SOURCES, name));

/** What the daemon serves as `/sdk/<name>`; `fanfare.mjs` is made there of two files. */
export const served = {
  'fanfare.js': source('fanfare.js'),
  'fanfare.mjs': Buffer.concat([source('fanfare.js'), source('exports.mjs')]),
  'fanfare-sw.js': source('fanfare-sw.js'),
};

/** A global object: what is in `globals`, and what the language itself has. */
export function realm(globals) {
  const context = vm.createContext(globals);
  return {
    run: (text, filename) => new vm.Script(String(text), { filename }).runInContext(context),
    /** An ES module; `import` finds what the daemon serves. */
    async runModule(text) {
      const module = new vm.SourceTextModule(String(text), { context });
      await module.link((specifier) => {
        const found = served[specifier.replace('https://push.example/sdk/', '')];
        return new vm.SourceTextModule(String(found), { context, identifier: specifier });
      });
      await module.evaluate();
      return module.namespace;
    },
    names: () => Array.from(vm.runInContext('Object.getOwnPropertyNames(globalThis)', context)),
  };
}
