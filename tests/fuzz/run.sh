#!/usr/bin/env bash
# Fuzzes each target for a minute: run.sh [SECONDS [TARGET…]]
#
# Needs Rust and a C++ compiler. There is no sanitizer: no code of ours is unsafe, and what it found in the C of our
# libraries it could not see, for that is not instrumented. So any toolchain does, told that it may use what is not stable.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
fuzz=tests/fuzz
version=0.13.1

command -v "${CXX:-c++}" >/dev/null || {
  echo "no C++ compiler, which libFuzzer needs: apt-get install g++" >&2
  exit 1
}
export PATH="$PWD/$fuzz/target/tools/bin:$PATH"
if [ "$(cargo fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
  cargo install cargo-fuzz --locked --version "$version" --root "$fuzz/target/tools"
fi

export RUSTC_BOOTSTRAP=1
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo fuzz list --fuzz-dir "$fuzz")
failed=()
for target in "${targets[@]}"; do
  mkdir -p "$fuzz/corpus/$target"
  log=$fuzz/target/$target.log
  cargo fuzz build --fuzz-dir "$fuzz" --sanitizer none "$target"
  if cargo fuzz run --fuzz-dir "$fuzz" --sanitizer none "$target" \
    "$fuzz/corpus/$target" "$fuzz/seeds/$target" -- \
    -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, no crash"
  else
    failed+=("$target")
    echo "$target: FAILED, see $log and $fuzz/artifacts/$target"
    tail -n 25 "$log"
  fi
done
[ ${#failed[@]} -eq 0 ]
