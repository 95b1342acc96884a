# Sourced by run, test, bench.sh and cap: the functions that they share. Needs $root, the project's folder.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

service="$root/artifacts/bin/CapOrleans.Silo/release/caporleans.dll"
declare -A from_file=() # what read_settings found

# read_settings NAME...: reads those of these settings from the project's .env that the environment does not set. The
# service's own parser reads the file, so the service must be built. Fails, after the service has named the reason, when
# the file cannot be used.
read_settings() {
  [ -e "$root/.env" ] || [ -L "$root/.env" ] || return 0
  local pair
  while IFS= read -r -d '' pair; do from_file[${pair%%=*}]=${pair#*=}; done < <(cd "$root" && exec dotnet "$service" --print-settings "$@")
  wait "$!"
}

# setting NAME DEFAULT: prints the value from the environment, else from .env as read by read_settings, else the
# default; an empty value counts as unset.
setting() {
  if [ -n "${!1+set}" ]; then printf '%s' "${!1:-$2}"; else printf '%s' "${from_file[$1]:-$2}"; fi
}

# need_port SETTING VALUE: ends unless the value is a port. Not evaluated before that: bash's arithmetic runs commands.
need_port() {
  [[ "$2" =~ ^[0-9]{1,5}$ ]] && ((10#$2 >= 1 && 10#$2 <= 65535)) || die "$1 is '$2': choose a whole number from 1 to 65535."
}

# apt_install PACKAGE PURPOSE: installs the package where permitted, else prints what to install. Fails when it is not
# installed.
apt_install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing $1 ($2)"
    { apt-get install -y -qq "$1" || { apt-get update -qq && apt-get install -y -qq "$1"; }; } >/dev/null 2>&1 && return
  fi
  say "Please install $1 ($2): sudo apt-get install $1"
  return 1
}

need_dotnet() {
  command -v dotnet >/dev/null && (cd "$root" && dotnet --list-sdks) | grep -q '^10\.' \
    || die "Please install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# The library that Ethereum clients use; without it, managed code does the same about four times slower.
want_secp256k1() {
  ldconfig -p 2>/dev/null | grep -q 'libsecp256k1\.so' && return
  apt_install libsecp256k1-1 "fast signature checks" || apt_install libsecp256k1-2 "fast signature checks" \
    || say "Going on without it: signatures are checked by the slower managed code."
}

# npm_packages FOLDER PURPOSE: installs what the folder's lock file lists, once for each version of that file.
npm_packages() {
  local folder="$root/$1" what=$2 stamp="$root/$1/node_modules/.caporleans-lock"
  cmp -s "$folder/package-lock.json" "$stamp" && return
  command -v npm >/dev/null || apt_install npm "$what" || exit 1
  say "Installing $what from npm"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent) >&2 \
    || die "npm ci failed in $1: without a network, or package.json and package-lock.json disagree."
  cp "$folder/package-lock.json" "$stamp"
}

# The npm packages that we run: the dev chain, the Solidity compiler, an independent signer.
need_peers() { npm_packages deploy/npm "the dev chain and its tools"; }

# Third-party programs that the tests use, each with its own lock file: running the service does not need them.
need_foreign_programs() {
  npm_packages tests/clients/js-ipfs "an IPFS node for the tests (290 MB)"
  npm_packages tests/clients/openapi "generators of clients for the tests"
  npm_packages tests/clients/webhooks "verifiers of webhooks and senders of events for the tests"
  npm_packages tests/clients/helia "an IPFS client for the tests, and its Node.js (550 MB)"
}

# end PID SECONDS NAME: terminates a child that leads its own process group, and kills the whole group if the child is
# still running after SECONDS.
end() {
  local pid=$1 seconds=$2 what=$3 tenth
  kill -TERM "$pid" 2>/dev/null
  for ((tenth = 0; tenth < seconds * 10; tenth++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  if kill -0 "$pid" 2>/dev/null; then
    say "$what did not end within $seconds seconds: killing it."
    kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
  fi
  wait "$pid" 2>/dev/null
}

# Prints the folder with the programs of the newest installed server.
postgres_bin() {
  local bin
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  [ -x "$bin/initdb" ] && printf '%s' "$bin"
}

# Tools for some faults of the chaos run; without them those faults are skipped, and the run reports that.
want_chaos_tools() {
  [ "$(id -u)" = 0 ] || return 0
  command -v ip >/dev/null || apt_install iproute2 "cutting links between silos" || true
  ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || apt_install libfaketime "moving one node's clock" || true
}

# Tools for a WireGuard tunnel between two networks of this machine; without them that test is skipped, and reports
# that.
want_tunnel_tools() {
  [ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || return 0
  local tool
  for tool in wireguard-go:wireguard-go wg:wireguard-tools tcpdump:tcpdump ip:iproute2; do
    command -v "${tool%%:*}" >/dev/null || apt_install "${tool##*:}" "a tunnel between networks" || true
  done
}

# want_service PROGRAM PACKAGE PURPOSE: installs a service but does not start it. Without it its test is skipped, and
# reports that.
want_service() {
  [ -x "$1" ] || [ "$(id -u)" != 0 ] && return 0
  local policy=/usr/sbin/policy-rc.d ours=
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && ours=yes; }
  apt_install "$2" "$3" || true
  [ -z "$ours" ] || rm -f "$policy"
}

native_cap_is_new() {
  local cap="$root/artifacts/native/cap"
  [ -x "$cap" ] && [ -z "$(find "$root"/{cli,client,adapters/ethereum,core,contracts} "$root"/Directory.*.props \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.json' \) -newer "$cap" -print -quit)" ]
}

# Builds the cap command as one native executable, artifacts/native/cap, if one of its sources is newer. Fails when it
# cannot be built.
native_cap() {
  local out="$root/artifacts/native" machine log; machine=$(uname -m)
  case "$machine" in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; esac
  native_cap_is_new && return
  command -v clang >/dev/null || command -v gcc >/dev/null || apt_install gcc "linking the native cap" || return 1
  say "Building the native cap"
  log=$(mktemp)
  if ! msbuild publish cli/CapOrleans.Cli.csproj -c Release -r "linux-$machine" -o "$out.new" >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"; return 1
  fi
  rm -f "$log"; mkdir -p "$out"; mv -f "$out.new/cap" "$out/cap"; touch "$out/cap"; rm -rf "$out.new"
}

need_postgres() {
  postgres_bin >/dev/null || apt_install postgresql "the cluster's database" || exit 1
}

anvil_path() {
  local machine; machine=$(uname -m)
  case "$machine" in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
  printf '%s' "$root/deploy/npm/node_modules/@foundry-rs/anvil-linux-$machine/bin/anvil"
}

# msbuild COMMAND PROJECT OPTION...: runs dotnet from the project's folder, whatever the caller's folder, so that only
# the project's global.json selects the SDK; ignores files in the folders above, and uses the user's own package folder.
msbuild() {
  (cd "$root" && NUGET_PACKAGES="${NUGET_PACKAGES:-${HOME:-$root/artifacts}/.nuget/packages}" exec dotnet "$@" -v quiet --nologo -noAutoResponse \
    -p:ImportDirectorySolutionProps=false -p:ImportDirectorySolutionTargets=false -p:RestoreLockedMode=true -p:RestoreForce=true)
}

# build CONFIGURATION: builds if something is newer than the last build. The restore compares every package with the
# lock files: unless forced, NuGet checks nothing when the projects have not changed.
build() {
  local configuration=$1 stamp="$root/artifacts/.built-$1"
  if [ -f "$stamp" ] && [ -z "$(find "$root" \( -name artifacts -o -name node_modules -o -name .git -o -name data \) -prune \
      -o \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.sql' -o -name '*.sln' -o -name packages.lock.json -o -name .env.example -o -name 'CapAuditStorageV2.json' -o -path '*/vectors/*' \) \
      -newer "$stamp" -print -quit)" ]; then
    return
  fi
  say "Building ($configuration)"
  local log; log=$(mktemp)
  if ! msbuild build CapOrleans.sln -c "$configuration" >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"; die "The build failed."
  fi
  rm -f "$log"; mkdir -p "$root/artifacts"; touch "$stamp"
}
