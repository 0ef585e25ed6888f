# shellcheck shell=bash
# Starts, recognises and stops the processes of a run folder. Pids are used again, so the start time
# is kept beside each: only a process with the same pid and start time is ours. Nothing is ever
# stopped by its name. D47

# identity_of PID: boot and start time; fails for a process that is gone (or dead and not yet
# collected, as happens in containers whose first process collects nobody).
identity_of() {
  local line fields
  line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -r -a fields <<<"${line##*) }"   # the name before it may hold blanks and brackets
  [[ ${fields[0]} != [ZX] ]] || return 1
  echo "$(</proc/sys/kernel/random/boot_id) ${fields[19]}"
}

# process_pid NAME: prints the pid if that process still runs.
process_pid() {
  local pid identity
  pid=$(cat "$PIDS/$1.pid" 2>/dev/null) || return 1
  identity=$(identity_of "$pid") || return 1
  [[ $identity == "$(cat "$PIDS/$1.began" 2>/dev/null)" ]] || return 1
  echo "$pid"
}

process_known() { [[ -f $PIDS/$1.pid ]]; }

any_process_known() {
  local file
  for file in "$PIDS"/*.pid; do
    if [[ -f $file ]]; then return 0; fi
  done
  return 1
}

# running_processes: the names of those that run, on one line.
running_processes() {
  local file name names=()
  for file in "$PIDS"/*.pid; do
    name=$(basename "$file" .pid)
    if process_pid "$name" >/dev/null; then names+=("$name"); fi
  done
  echo "${names[*]}"
}

# process_current NAME MADE_OF: runs, and was started from this command, program and settings.
process_current() {
  process_pid "$1" >/dev/null && [[ $(cat "$PIDS/$1.made_of" 2>/dev/null) == "$2" ]]
}

# process_news NAME: what a start means now, for the step's line.
process_news() {
  if process_pid "$1" >/dev/null; then
    echo "restarted, its program or settings have changed"
  elif process_known "$1"; then
    echo 'had ended, started again'
  else
    echo 'started'
  fi
}

# process_start NAME MADE_OF COMMAND...: environment from PROCESS_ENV alone, output to NAME.log.
PROCESS_ENV=()
PROCESSES_STARTED=0
process_start() {
  local name=$1 made_of=$2 log=$LOGS/$1.log fd
  shift 2
  PROCESSES_STARTED=$((PROCESSES_STARTED + 1))
  rm -f "$PIDS/$name".{pid,began,made_of}
  keep_log_small "$log"
  printf '== started %s: %s\n' "$(date -u +%FT%TZ)" "$*" >>"$log"
  # It makes itself known before it becomes the program: whenever this script is killed, there is no
  # process that nothing knows of, and the lock is not free before. setsid, so that Ctrl-C at the
  # terminal does not reach it; exec, so that $! is the process itself; locks, terminal and whatever
  # else the caller had open stay behind.
  (
    trap - ERR EXIT INT TERM
    make_known "$name" "$BASHPID" "$made_of"
    for fd in "/proc/$BASHPID/fd/"*; do
      fd=${fd##*/}
      if ((fd > 2)); then exec {fd}>&-; fi
    done
    cd "$ROOT" 2>/dev/null || cd /
    only_this_environment "${PROCESS_ENV[@]}"
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  local pid=$!
  until [[ -f $PIDS/$name.pid ]] || ! identity_of "$pid" >/dev/null; do sleep 0.01; done
}

# make_known NAME PID MADE_OF: the pid last, since it is what counts.
make_known() {
  local began
  began=$(identity_of "$2")
  write_file "$PIDS/$1.began" "$began"
  write_file "$PIDS/$1.made_of" "$3"
  write_file "$PIDS/$1.pid" "$2"
}

# The caller's shell may hold PGHOST, PORT, proxies: what a program gets is what ops/up decided. Set
# from inside the shell, since `env -i NAME=VALUE` would show passwords in the process list.
only_this_environment() {
  local name
  for name in $(compgen -e); do export -n "${name?}"; done
  for name in PATH HOME LANG=C.UTF-8 "$@"; do export "${name?}"; done
}

keep_log_small() {
  if [[ $(stat -c %s "$1" 2>/dev/null || echo 0) -gt 33554432 ]]; then mv -f "$1" "$1.old"; fi
}

# process_signal NAME SIGNAL: sends CONT too, since a paused process would not act on the other
# signal, and paused children would delay their parent's end and stay behind when it is killed.
process_signal() {
  local pid children child
  pid=$(process_pid "$1") || return 0
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) || true
  for child in $children; do kill -s CONT "$child" 2>/dev/null || true; done
  kill -s "$2" "$pid" 2>/dev/null && kill -s CONT "$pid" 2>/dev/null || true
}

# Somebody may have paused it: a debugger, or `kill -STOP`.
process_continue() { process_signal "$1" CONT; }

# process_gone_within NAME SECONDS
process_gone_within() {
  local tenths
  for ((tenths = $2 * 10; tenths > 0; tenths--)); do
    process_pid "$1" >/dev/null || return 0
    sleep 0.1
  done
  ! process_pid "$1" >/dev/null
}

# process_stop SIGNAL SECONDS NAME...: asks all of them, then waits for each, and if it must ends it
# by force. Prints what became of them.
process_stop() {
  local signal=$1 seconds=$2 name running=()
  shift 2
  for name in "$@"; do
    running+=("$(process_pid "$name" || true)")
    process_signal "$name" "$signal"
  done
  for name in "$@"; do
    await_end "$name" "$seconds" "${running[0]}"
    running=("${running[@]:1}")
    rm -f "$PIDS/$name".{pid,began,made_of}
  done
}

# await_end NAME SECONDS PID, where no PID means that it did not run.
await_end() {
  local name=$1 seconds=$2 pid=$3
  if [[ -z $pid ]]; then
    if process_known "$name"; then echo "$name: had already ended"; fi
  elif process_gone_within "$name" "$seconds"; then
    echo "$name: stopped (pid $pid)"
  else
    process_signal "$name" KILL
    process_gone_within "$name" 10 || fail "$name (pid $pid) does not end, even with SIGKILL"
    echo "$name: did not stop within $seconds s, killed (pid $pid)"
  fi
}

# made_of WORD...: one word for a command line with its settings and, for files among them, content.
made_of() {
  local word
  for word in "$@" "${PROCESS_ENV[@]}"; do
    if [[ -f $word ]]; then sha256sum <"$word"; else printf '%s\n' "$word"; fi
  done | sha256sum | cut -c1-32
}

# For loops that wait for a process to get ready.
process_fail_if_dead() {
  process_pid "$1" >/dev/null && return 0
  process_last_words "$1"
  fail "$1 has ended while starting; its log is $LOGS/$1.log"
}

# process_last_words NAME: the beginning of its log since it was started.
process_last_words() { tac "$LOGS/$1.log" | sed '/^== started/q' | head -n 25 | tac; }
