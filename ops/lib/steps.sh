# shellcheck shell=bash
# The output on the terminal: one numbered line a step, the newest line of the step's log while it
# runs, and on a failure the reason with the end of that log.
#
# A step's function runs in this very shell (so it can set variables, and `set -e` stays in force);
# only its output goes elsewhere. Descriptor 3 is the caller's stdout, 4 the caller's stderr.
# Descriptors 5 to 9 are in use too (pause is 7, the others are locks).

STEP_TOTAL=0
STEP_NUMBER=0
STEP_LABEL=''        # not empty while a step is open
STEP_LOG=''
STEP_LOG_BEGIN=0     # its size when the step began
STEP_NOTE=''         # what a step's function wants said in its line instead of the time
STEP_STARTED=0
WORK_PID=''          # of the command that interruptible runs
BESIDE_PID=''        # of the work that goes on beside the steps
TICKER_PID=''
FAIL_REASON=''
FAILED_COMMAND=''
AFTER_FAILURE=''     # a function to call last when a step has failed, with the step's label

# Call once, before anything else. Argument: how many steps there will be.
steps_begin() {
  STEP_TOTAL=$1
  exec 3>&1 4>&2 7<> <(:)   # 7 never has anything to read: see pause
  trap 'FAILED_COMMAND="$BASH_COMMAND (${BASH_SOURCE[0]##*/}:$LINENO)"' ERR
  trap 'steps_on_exit $?' EXIT
  trap 'fail "interrupted"' INT TERM
}

say() { printf '%s\n' "$*" >&3; }

# Ends the program with a reason for the person who runs it. Inside $(...) only the subshell ends,
# so there the reason goes into the step's log.
fail() {
  if ((BASH_SUBSHELL > 0)); then
    printf 'error: %s\n' "$*" >&2
  else
    FAIL_REASON=$*
  fi
  exit 1
}

# One clear line and status 2: the command line itself is wrong.
fail_usage() {
  printf '%s\n' "$*" >&2
  exit 2
}

# run_step LABEL LOG FUNCTION [ARGUMENT...]
run_step() {
  STEP_NUMBER=$((STEP_NUMBER + 1))
  STEP_LABEL=$(printf '[%2d/%d] %s' "$STEP_NUMBER" "$STEP_TOTAL" "$1")
  STEP_LOG=$2
  STEP_NOTE=''
  STEP_STARTED=$SECONDS
  shift 2
  STEP_LOG_BEGIN=$(stat -c %s "$STEP_LOG" 2>/dev/null || echo 0)
  printf '\n== %s, %s\n' "$STEP_LABEL" "$(date -u +%FT%TZ)" >>"$STEP_LOG"
  printf '%s ...' "$STEP_LABEL" >&3
  start_ticker
  "$@" >>"$STEP_LOG" 2>&1 </dev/null
  close_step "${STEP_NOTE:-ok ($((SECONDS - STEP_STARTED)) s)}"
}

# interruptible COMMAND [ARGUMENT...]: a command that takes minutes, and that a signal to this
# script ends too. bash acts on a signal between commands or in `wait`, so it waits here; and a
# session of its own makes one group of all that the command starts.
interruptible() {
  local status=0
  setsid "$@" &
  WORK_PID=$!
  wait "$WORK_PID" || status=$?
  WORK_PID=''
  return "$status"
}

# begin_beside LOG FUNCTION [ARGUMENT...]: long work that goes on beside the steps and leaves them
# the processors that they want. It has a shell of its own, so what it sets is lost. end_beside
# takes its end.
begin_beside() {
  local log=$1
  shift
  set -m   # a process group of its own, so that a signal ends all that it has started
  (
    set +m
    trap - ERR EXIT INT TERM
    exec 3>&- 4>&- 7>&- 8>&- 9>&-
    renice -n 10 -p "$BASHPID" >/dev/null || true
    "$@"
  ) >>"$log" 2>&1 </dev/null &
  BESIDE_PID=$!
  set +m
}

end_beside() {
  local status=0
  wait "$BESIDE_PID" || status=$?
  BESIDE_PID=''
  return "$status"
}

end_work() {
  local pid
  for pid in $WORK_PID $BESIDE_PID; do
    kill -TERM -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

close_step() {
  stop_ticker
  if on_terminal; then printf '\r\033[K%s ...' "$STEP_LABEL" >&3; fi
  printf ' %s\n' "$1" >&3
  STEP_LABEL=''
}

on_terminal() { [[ -t 3 && ${TERM:-dumb} != dumb ]]; }

# A sleep with no process of its own: one left over when the ticker is killed would hold the
# caller's stdout open, and `ops/up | tee file` would hang till it ends.
pause() { read -r -t "$1" -u 7 || true; }

# On a terminal the line shows seconds and the newest line of the log; elsewhere (a CI log, a pipe)
# it only grows by the seconds now and then, which is enough to see that it lives. A build says in
# both how far it is.
start_ticker() {
  if on_terminal; then tick_on_terminal & else tick_in_log & fi
  TICKER_PID=$!
}

stop_ticker() {
  [[ -n $TICKER_PID ]] || return 0
  kill -KILL "$TICKER_PID" 2>/dev/null || true   # TERM could still meet the traps it was born with
  wait "$TICKER_PID" 2>/dev/null || true
  TICKER_PID=''
}

tick_on_terminal() {
  trap - ERR EXIT INT TERM
  exec 8>&- 9>&-
  local columns newest
  columns=$(stty size <&3 2>/dev/null | cut -d' ' -f2) || true
  [[ ${columns:-0} -gt 20 ]] || columns=80
  while pause 0.4 && kill -0 $$ 2>/dev/null; do
    newest=$(tail -c 600 "$STEP_LOG" | tr '\r' '\n' | tr -cd '[:print:]\n' | tail -n 1) || true
    [[ $newest != '== ['* ]] || newest=''
    note_progress
    newest="$STEP_LABEL ... $((SECONDS - STEP_STARTED)) s  ${PROGRESS:-$newest}"
    printf '\r\033[K%s' "${newest:0:columns-1}" >&3
  done
}

tick_in_log() {
  trap - ERR EXIT INT TERM
  exec 8>&- 9>&-   # the locks: they must end with the script, however it ends
  while pause 20 && kill -0 $$ 2>/dev/null; do
    note_progress
    printf ' %d s%s ...' $((SECONDS - STEP_STARTED)) "${PROGRESS:+ ($PROGRESS)}" >&3
  done
}

PROGRESS=''         # "31 of 62 objects, about 50 s left", or what is waited for; else empty
PROGRESS_SINCE=''   # when the first count of this build was seen, that count, and of how many
PROGRESS_FROM=''
PROGRESS_ALL=''

# Sets PROGRESS by the newest line of the step's log that begins as Ninja's do: [31/62]; or by the
# last line of all, if await_lock wrote it.
note_progress() {
  local count finished all
  count=$(tail -c 4000 "$STEP_LOG" | awk '
    { waits = /^waiting for / ? $0 : "" }
    /^== \[/ { count = "" }
    /^\[[0-9]+\/[0-9]+\] / { count = substr($1, 2, length($1) - 2) }
    END { print (waits ? waits : count) }') || true
  PROGRESS=''
  [[ -n $count ]] || return 0
  if [[ $count == waiting* ]]; then
    PROGRESS=$count
    return 0
  fi
  finished=${count%/*} all=${count#*/}
  if [[ $all != "$PROGRESS_ALL" ]]; then   # Ninja first counts two parts of its own preparation
    PROGRESS_SINCE=$SECONDS PROGRESS_FROM=$finished PROGRESS_ALL=$all
  fi
  PROGRESS="$finished of $all objects"
  ((finished == PROGRESS_FROM)) || PROGRESS+=", about $((
    (SECONDS - PROGRESS_SINCE) * (all - finished) / (finished - PROGRESS_FROM))) s left"
}

steps_on_exit() {
  local status=$1 label
  trap - EXIT ERR
  ((status != 0)) || return 0
  end_work
  stop_ticker
  if [[ -z $FAIL_REASON && -s $STEP_LOG ]]; then   # a fail inside $(...) left it there
    FAIL_REASON=$(tail -n 1 "$STEP_LOG" | sed -n 's/^error: //p')
  fi
  if [[ -z $FAIL_REASON && -n $FAILED_COMMAND ]]; then
    FAIL_REASON="this command failed: $FAILED_COMMAND"
  fi
  if [[ -n $STEP_LABEL ]]; then
    label=$STEP_LABEL
    close_step "FAILED ($((SECONDS - STEP_STARTED)) s)"
    printf '%s\n' "${FAIL_REASON:-no reason known}" >&4
    show_step_tail 30 >&4
    [[ -z $AFTER_FAILURE ]] || "$AFTER_FAILURE" "$label"
  elif [[ -n $FAIL_REASON ]]; then
    printf 'ops/%s: %s\n' "${0##*/}" "$FAIL_REASON" >&4
  fi
}

show_step_tail() {
  [[ -s $STEP_LOG ]] || return 0
  printf -- '--- the end of %s\n' "$STEP_LOG"
  tail -c "+$((STEP_LOG_BEGIN + 1))" "$STEP_LOG" | grep -v '^$' | tail -n "$1" | sed 's/^/    /'
  printf -- '---\n'
}
