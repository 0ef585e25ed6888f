# shellcheck shell=bash
# Where things are. Nothing else in ops/ spells out a path below .run.
#
# RUN holds one running system (VSIM_RUN_DIR sets another one, for a second system beside the first);
# TOOLS holds what is built or fetched once per checkout and shared by all of them.

# The caller's PGHOST and the like are meant for another Postgres; libpq must not see them here.
for name in "${!PG@}"; do unset "$name"; done

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOOLS=$ROOT/.run/tools

RUN=${VSIM_RUN_DIR:-$ROOT/.run}
[[ $RUN == /* ]] || RUN=$PWD/$RUN

LOGS=$RUN/log
PORTS=$RUN/ports
PIDS=$RUN/pid
SECRETS=$RUN/secrets

make_places() {
  mkdir -p "$RUN" "$TOOLS/bin" 2>/dev/null && [[ -w $RUN && -w $TOOLS ]] ||
    fail "cannot write $RUN or $TOOLS (they belong to $(stat -c %U "$RUN" 2>/dev/null ||
      echo another user)); run as that user, or set VSIM_RUN_DIR"
  RUN=$(cd "$RUN" && pwd -P)
  mkdir -p "$LOGS" "$PORTS" "$PIDS" "$SECRETS" "$RUN/bin"
  chmod 700 "$SECRETS"
}

# A short name for this run folder, for what must live outside of it.
run_id() { printf '%s' "$RUN" | sha256sum | cut -c1-8; }

# Two ops/up on one run folder would start everything twice. The lock is held until this shell ends.
lock_run() {
  exec 9>>"$RUN/lock"
  flock --nonblock 9 || fail "another ops command is at work on $RUN (lock $RUN/lock)"
}

# Builds and installations of one checkout come one after the other. Taken inside a step, so that
# the step's line shows that it waits.
lock_tools() {
  exec 8>>"$TOOLS/lock"
  flock --nonblock 8 && return 0
  echo "waiting for another ops command that builds in this checkout"
  flock 8
}

unlock_tools() { exec 8>&-; }
