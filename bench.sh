#!/usr/bin/env bash
# Measures the service against the machine's limits, everything in the same run. Usage: ./bench.sh [--seconds N] [--growth N] [--json FILE]
# ./bench.sh chaos [--minutes N]: breaks a cluster on purpose while it is under load, and checks what it promised.
# ./bench.sh anchors [--minutes N] [--rate N]: breaks the chain's node on purpose, and counts the anchors on the chain.
# ./bench.sh compare [--silos N] [--other caporleans.dll] [--set NAME=VALUE]: the service and a variant of it, in turn.
# ./bench.sh deliveries [--rate N] [--endpoints N] [--hanging N]: from an acceptance to the webhook's receiver.
# ./bench.sh race [--incidents N]: acknowledgements that come when the next page does.
# ./bench.sh gate [--incidents N]: kills the cluster and the gate before it, and checks what the gate promised.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/deploy/lib.sh"
need_dotnet
want_secp256k1
need_postgres
need_peers
want_chaos_tools
build Release
case "${1:-}" in chaos|anchors|gate|compare|deliveries|race) ;; *) set -- table "$@" ;; esac
exec dotnet "$root/artifacts/bin/CapOrleans.Bench/release/CapOrleans.Bench.dll" "$@"
