# shellcheck shell=bash
# Where things are. Nothing else in ops/ spells out a path below .run.
#
# RUN holds one running system (VSIM_RUN_DIR sets another, for a second system beside the first);
# TOOLS holds what is built or fetched once per checkout and shared by all of them.

# The caller's PGHOST and the like are meant for another Postgres; libpq must not see them here.
for name in "${!PG@}"; do unset "$name"; done

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOOLS=$ROOT/.run/tools

RUN=${VSIM_RUN_DIR:-$ROOT/.run}
RUN=$(realpath -m "$RUN")

LOGS=$RUN/log
PORTS=$RUN/ports
PIDS=$RUN/pid
SECRETS=$RUN/secrets
KEYS=$SECRETS/keys.json   # of the API; vsimctl keys makes it

# write_file FILE TEXT: the whole file or nothing, whenever the script is killed.
write_file() {
  printf '%s\n' "$2" >"$1.new"
  mv -T "$1.new" "$1"
}

# A path in which a part of vsim does not work is refused before anything is made.
check_paths() {
  local LC_ALL=C
  [[ $ROOT$RUN != *[[:cntrl:]]* && ${VSIM_RUN_DIR:-} != *$'\n' ]] ||
    fail "the path $(printf '%q' "$RUN") holds a control character; take another VSIM_RUN_DIR"
  [[ $RUN != *:* ]] ||
    fail "the path $RUN holds a colon, which a PATH cannot; take another VSIM_RUN_DIR"
  [[ $ROOT != *['#?%']* ]] ||
    fail "the path $ROOT holds one of #?%, and the nats CLI does not work in such a folder;" \
      "move the checkout"
}

make_places() {
  local place owner
  check_paths
  for place in "$RUN" "$TOOLS"; do
    mkdir -p "$place/bin" 2>/dev/null ||
      fail "cannot make $place; set VSIM_RUN_DIR to a folder of yours"
    owner=$(stat -c %U "$place")
    # Root could, but would leave files behind that its owner can no longer change.
    [[ -O $place ]] || fail "$place belongs to $owner: run this as $owner, or remove it"
  done
  mkdir -p "$LOGS" "$PORTS" "$PIDS" "$SECRETS"
  chmod 700 "$SECRETS"
}

# A short name for this run folder, for what must live outside of it.
run_id() { printf '%s' "$RUN" | sha256sum | cut -c1-8; }

# Two ops/up on one run folder would start everything twice. The lock is held till this shell ends.
lock_run() {
  [[ -w $RUN ]] || fail "$RUN belongs to $(stat -c %U "$RUN"): run this as that user"
  exec 9>>"$RUN/lock"
  # One that was killed leaves it to what it had just called, which ends by itself.
  flock --timeout 5 9 || fail "another ops command is at work on $RUN (lock $RUN/lock)"
}

# await_lock FD WORDS: locks an open file, and says who is waited for where it is taken.
await_lock() {
  flock --nonblock "$1" && return 0
  echo "waiting for another ops command that $2 in this checkout"
  flock "$1"
}

# Builds and installations of one checkout come one after the other. Taken inside a step, so that
# the step's line shows that it waits.
lock_tools() {
  exec 8>>"$TOOLS/lock"
  await_lock 8 "builds"
}

unlock_tools() { exec 8>&-; }

# Go, which builds the nats CLI beside the steps of ops/up, has a lock of its own.
lock_go() {
  exec 6>>"$TOOLS/go.lock"
  await_lock 6 "builds with Go"
}

unlock_go() { exec 6>&-; }
