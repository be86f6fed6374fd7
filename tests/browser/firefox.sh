#!/usr/bin/env bash
# A real Firefox against the real daemon: firefox.sh [path to the fanfare binary] [part of a test's name]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
npm ci --prefix "$here" --no-audit --no-fund --silent
node --test --test-reporter=dot "$here/runner.test.mjs"
exec node "$here/firefox.mjs" "${1:-$here/../../target/debug/fanfare}" "${@:2}"
