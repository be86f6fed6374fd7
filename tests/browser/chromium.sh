#!/usr/bin/env bash
# A real Chromium against the real daemon: chromium.sh [path to the fanfare binary] [--screenshots DIR]
# Where the kernel allows it, the pages, the worker and the dashboard are tried in a network of their own, in which there is
# nothing but loopback. Pushes are not: Chromium waits for them only where there is another interface, of which it needs
# nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
npm ci --prefix "$here" --no-audit --no-fund --silent
node --test --test-reporter=dot "$here/vendored.test.mjs"
if [ $# -eq 0 ] || [[ $1 == --* ]]; then set -- "$here/../../target/debug/fanfare" "$@"; fi

# SIOCSIFFLAGS with UP and RUNNING: as `ip link set lo up`, which is not everywhere.
loopback='import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 0x41))
os.execvp(sys.argv[1], sys.argv[1:])'
alone=(unshare --map-root-user --net)
if [ "$(id -u)" -eq 0 ]; then alone=(unshare --net); fi
if ! "${alone[@]}" true 2>/dev/null; then
  echo 'no network of its own is permitted here; a dead proxy keeps Chromium from leaving the machine'
  alone=() loopback='import os, sys; os.execvp(sys.argv[1], sys.argv[1:])'
fi
${alone[@]+"${alone[@]}"} python3 -c "$loopback" node "$here/chromium.mjs" "$@"
${alone[@]+"${alone[@]}"} python3 -c "$loopback" node "$here/dashboard.mjs" "$@"
node "$here/chromium-push.mjs" "$1"
