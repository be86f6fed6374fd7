#!/usr/bin/env bash
# The SDK and its worker in a browser of fakes, their sizes, and their types. Needs Node 20 and npm, and no browser.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --silent
# ES modules in a realm of their own are Node's experiment still.
node --experimental-vm-modules --disable-warning=ExperimentalWarning --test --test-reporter=spec ./*.test.mjs
node_modules/.bin/tsc --project types
printf 'The types hold, as a global name and as a module\n'
