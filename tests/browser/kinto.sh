#!/usr/bin/env bash
# The Kinto plugin, from its own tests to a real Firefox: kinto.sh [path to the fanfare binary] [directory of its virtualenv]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
binary=$(realpath "${1:-$root/target/debug/fanfare}")
venv=${2:-$root/target/kinto-venv}

if [ ! -x "$venv/bin/pip" ] && ! python3 -m venv --clear "$venv"; then
  echo 'kinto.sh: python3 has no venv here; on Debian: apt-get install python3-venv' >&2
  exit 1
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/deploy/kinto/requirements.txt"
rm -rf "$root/deploy/kinto/build" # what an earlier build left there would be installed as well
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$root/deploy/kinto"
npm ci --prefix "$here" --no-audit --no-fund --silent

cd "$root/deploy/kinto"
"$venv/bin/python" -m pytest --quiet tests/plugin
FANFARE_BINARY="$binary" "$venv/bin/python" -m pytest --quiet tests/real
node "$here/kinto.mjs" "$binary" "$venv"
