#!/bin/bash
# Shows that the oracle can fail: takes out one safeguard of Fanfare at a time, in a copy of what is committed, and runs a seed
# that is green otherwise. `make chaos-proof` calls it; SEED chooses the seed.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/target/sabotage

# What has to be found without each safeguard.
declare -A found=(
  [idempotency]='"doubled": [1-9]'
  [fence]='takes sessions back'
  [repair]='"lost": [1-9]'
  [audience]='(not to be seen|which is hidden)'
)

for safeguard in idempotency fence repair audience; do
  rm -rf "$work/source" && mkdir -p "$work/source"
  # times of now: cargo must not take what the last patch left for unchanged
  git -C "$root" archive HEAD | tar --extract --touch --directory "$work/source"
  patch --quiet --strip=1 --directory "$work/source" < "$root/services/chaos/sabotage/$safeguard.patch"
  CARGO_TARGET_DIR=$work/target cargo build --quiet --manifest-path "$work/source/Cargo.toml" \
    --package gateway --package web --package simulator
  echo "== without $safeguard"
  code=0
  "$root/target/debug/chaos" --programs "$work/target/debug" --seed "${SEED:-1}" > "$work/$safeguard.txt" || code=$?
  grep --extended-regexp '^seed|"(doubled|lost|reordered)"' "$work/$safeguard.txt"
  if [ "$code" != 1 ] || ! grep --quiet --extended-regexp "${found[$safeguard]}" "$work/$safeguard.txt"; then
    echo "the oracle did not notice that $safeguard was off: $work/$safeguard.txt" >&2
    exit 1
  fi
  echo "noticed"
done
