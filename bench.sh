#!/usr/bin/env bash
# Measures intake against the machine's limits, on a node of its own with an empty log. Usage: ./bench.sh [INCIDENTS [CONNECTIONS]]
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/deploy/lib.sh"
need_dotnet
want_secp256k1
build Release

data=$(mktemp -d "$root/artifacts/bench.XXXXXX")
trap 'kill -TERM "$run" 2>/dev/null; wait "$run" 2>/dev/null; rm -rf "$data"' EXIT
free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  printf '%s' "$port"
}
API_PORT=$(free_port) GATE_PORT=$(free_port) CHAIN_PORT=$(free_port) DATA_DIR="$data/data"
export API_PORT GATE_PORT CHAIN_PORT DATA_DIR Intake__PerSecondPerAddress=1000000
"$root/run" > "$data/run.log" 2>&1 & run=$!
until grep -q 'is ready' "$data/run.log"; do
  kill -0 "$run" 2>/dev/null || { cat "$data/run.log" >&2; exit 1; }
  sleep 0.2
done
cd "$data"
dotnet "$root/artifacts/bin/CapOrleans.Bench/release/CapOrleans.Bench.dll" "$API_PORT" "$DATA_DIR/identity.key" "${1:-50000}" "${2:-64}"
