#!/usr/bin/env bash
# Feeds the parsers what nobody would send, guided by which way it goes through them. Usage: ./fuzz.sh [--minutes N] [--inputs N] [--seed N]
# One run on each core; ends with what was tried. An hour or 10 million inputs by default. Inputs that break something stay in artifacts/fuzz/findings.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/deploy/lib.sh"

minutes=60 inputs=10000000 seed=1
while [ $# -gt 0 ]; do
  case "$1" in
    --minutes) minutes=$2 ;;
    --inputs) inputs=$2 ;;
    --seed) seed=$2 ;;
    *) die "Usage: ./fuzz.sh [--minutes N] [--inputs N] [--seed N]" ;;
  esac
  shift 2
done

need_dotnet
want_secp256k1
build Release

# A copy is instrumented: what is tested and run elsewhere stays as it was built.
copy="$root/artifacts/fuzz/instrumented"
rm -rf "$copy"
mkdir -p "$copy"
cp -r "$root/artifacts/bin/CapOrleans.Fuzz/release/." "$copy"
dotnet "$copy/CapOrleans.Fuzz.dll" instrument "$copy/CapOrleans.Core.dll" "$copy/CapOrleans.Chain.dll"

cores=$(nproc)
running=()
trap 'kill "${running[@]}" 2>/dev/null || true' INT TERM
for core in $(seq "$cores"); do
  dotnet "$copy/CapOrleans.Fuzz.dll" run --inputs $((inputs / cores)) --minutes "$minutes" --seed $((seed + core - 1)) --findings "$root/artifacts/fuzz/findings" &
  running+=($!)
done
status=0
for run in "${running[@]}"; do wait "$run" || status=1; done
exit "$status"
