# shellcheck shell=bash
# vsim's own programs in the run folder: migration, one API, N workers, and waiting for readiness.
# Sets HTTP_ADDRESS and METRICS_ADDRESS (of worker 1).

# Settings handed on from the caller's environment (DESIGN: settings; `vsim-api --help` tells them).
# Of TLS only what callers see: the private NATS and Postgres are reached over loopback.
PASSED_ON=(TIME_SCALE SIM_SEED IDLE_TIMEOUT BILLING_INTERVAL PROFILE LOG_LEVEL LOG_FORMAT
  TLS_CERT_FILE TLS_KEY_FILE HTTP_CONNECTIONS RATE_LIMIT RATE_BURST TRUSTED_PROXIES)
WORKERS_MAX=64
READY_WITHIN_SECONDS=${VSIM_READY_WITHIN_SECONDS:-60}
HTTP_ADDRESS=''
METRICS_ADDRESS=''

# While a system is up its settings hold: a later ops/up (for more workers, or after a crash) needs
# not repeat them. What it does name is used, and what runs with another value is restarted.
# ops/down forgets them.
recall_settings() {
  local name value
  [[ -f $RUN/settings ]] || return 0
  while IFS='=' read -r name value; do
    [[ -v $name ]] || export "$name=$value"
  done <"$RUN/settings"
}

remember_settings() {
  local name
  for name in "${PASSED_ON[@]}"; do
    if [[ -v $name ]]; then printf '%s=%s\n' "$name" "${!name}"; fi
  done >"$RUN/settings"
}

# program_environment USER [NAME=VALUE...]: what all of vsim's programs get, and what this one gets.
# USER is api, worker or admin; the admin of the broker is the owner of the tables.
program_environment() {
  local name user=$1
  shift
  # The monitor tells how the broker syncs its disk, and how much it may store.
  PROCESS_ENV=("NATS_URL=$(nats_url "$user")" "DATABASE_URL=$(database_url "${user/admin/worker}")"
    "NATS_MONITOR_URL=http://127.0.0.1:$(<"$PORTS/nats-monitor")" "$@")
  for name in "${PASSED_ON[@]}"; do
    if [[ -v $name ]]; then PROCESS_ENV+=("$name=${!name}"); fi
  done
}

migrate() {
  program_environment admin
  (
    trap - ERR EXIT
    cd "$ROOT"
    only_this_environment "${PROCESS_ENV[@]}"
    exec timeout --foreground 120 "$BIN/vsimctl" migrate
  ) || fail "vsimctl migrate failed"
}

STARTED=()   # what became of the programs of a step

# start_program NAME PROGRAM: from PROCESS_ENV, unless just this already runs.
start_program() {
  local name=$1 made
  made=$(made_of "$BIN/$2")
  if process_current "$name" "$made"; then
    echo "$name: was up"
    return 0
  fi
  STARTED+=("$name $(process_news "$name")")
  process_stop TERM 15 "$name"
  process_start "$name" "$made" "$BIN/$2"
}

start_api() {
  STARTED=()
  HTTP_ADDRESS=$(address_of api "$(wish_for HTTP_ADDR)" 8080)
  program_environment api "HTTP_ADDR=$HTTP_ADDRESS" "SWAGGER_DIR=$SWAGGER_UI" "KEYS_FILE=$KEYS"
  start_program api vsim-api
  STEP_NOTE="${STARTED[*]:-ok (was up)}, $(api_url)"
}

# Where callers reach the API.
api_url() {
  url_of "$HTTP_ADDRESS" "${TLS_CERT_FILE:+https}"
}

# start_workers WANTED: an empty WANTED means as many as there are, at least one.
start_workers() {
  local wanted=${1:-0} number
  if ((wanted == 0)); then
    wanted=$(worker_names | wc -l)
    ((wanted > 0)) || wanted=1
  fi
  STARTED=()
  for ((number = 1; number <= wanted; number++)); do
    start_worker "$number"
  done
  stop_workers_above "$wanted"
  STEP_NOTE="${STARTED[*]:+"$(printf '%s; ' "${STARTED[@]}")"}$wanted running"
}

start_worker() {
  local number=$1 address wish=''
  ((number > 1)) || wish=$(wish_for METRICS_ADDR)
  address=$(address_of "worker-$number" "$wish" "$( ((number > 1)) || echo 9091)")
  ((number > 1)) || METRICS_ADDRESS=$address
  program_environment worker "METRICS_ADDR=$address"
  start_program "worker-$number" vsim-worker
}

stop_workers_above() {
  local name
  while read -r name; do
    if ((${name#worker-} > $1)); then
      process_stop TERM 15 "$name"
      STARTED+=("$name stopped")
    fi
  done < <(worker_names)
}

# Names of the workers started and not stopped, whether or not they still live.
worker_names() {
  local file
  for file in "$PIDS"/worker-*.pid; do
    if [[ -f $file ]]; then basename "$file" .pid; fi
  done | sort -V
}

# address_of NAME WISH PREFERRED_PORT: a running program keeps its address unless another is wished.
address_of() {
  local address
  if process_pid "$1" >/dev/null && address=$(cat "$PORTS/$1.address") &&
    [[ -z $2 || $2 == "$address" ]]; then
    echo "$address"
  else
    keep_address "$1" "$2" "$3"
  fi
}

# wish_for HTTP_ADDR: the address the caller asked for. One that stands in the caller's environment
# only because a .run/env was sourced is no wish.
wish_for() {
  local value=${!1:-}
  if [[ " ${VSIM_ENV_ADDRESSES:-} " != *" $value "* ]]; then echo "$value"; fi
}

wait_until_ready() {
  local name deadline=$((SECONDS + READY_WITHIN_SECONDS))
  for name in api $(worker_names); do
    wait_for_one "$name" "$deadline"
  done
}

wait_for_one() {
  local name=$1 deadline=$2 url answer status scheme=http
  [[ $name != api || -z ${TLS_CERT_FILE:-} ]] || scheme=https
  url=$(url_of "$(<"$PORTS/$name.address")" "$scheme")/readyz
  while true; do
    process_fail_if_dead "$name"
    # --insecure: is it ready, not is it the one that its certificate names.
    answer=$(curl -sS --insecure --noproxy '*' --max-time 3 -w '\n%{http_code}' "$url" 2>&1) || true
    status=${answer##*$'\n'}
    answer=$(tr '\n' ' ' <<<"${answer%$'\n'*}" | cut -c1-300)
    [[ $status != 200 ]] || break
    echo "$name is not ready: $answer"
    if ((SECONDS >= deadline)); then
      process_last_words "$name"
      fail "$name is not ready after $READY_WITHIN_SECONDS s ($url): $answer"
    fi
    sleep 0.3
  done
  echo "$name is ready"
}
