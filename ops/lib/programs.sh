# shellcheck shell=bash
# vsim's own programs in the run folder: migration, one API, N workers, and waiting for readiness.
# Sets HTTP_ADDRESS and METRICS_ADDRESS (of worker 1). The settings are those of settings.sh.

WORKERS_MAX=64
READY_WITHIN_SECONDS=${VSIM_READY_WITHIN_SECONDS:-60}
[[ $READY_WITHIN_SECONDS =~ ^[1-9][0-9]{0,3}$ ]] ||   # for bash 010 is eight
  fail_usage "VSIM_READY_WITHIN_SECONDS is '$READY_WITHIN_SECONDS'; give 1 to 9999, as 60"
HTTP_ADDRESS=''
METRICS_ADDRESS=''

# program_environment USER [NAME=VALUE...]: what all of vsim's programs get, and what this one gets.
# USER is api, worker or admin; the admin of the broker is the owner of the tables.
program_environment() {
  local name user=$1 broker database
  shift
  broker=$(nats_url "$user")
  database=$(database_url "${user/admin/worker}")
  # The monitor tells how the broker syncs its disk, and how much it may store.
  PROCESS_ENV=("NATS_URL=$broker" "DATABASE_URL=$database"
    "NATS_MONITOR_URL=http://127.0.0.1:$(<"$PORTS/nats-monitor")" "$@")
  for name in "${PASSED_ON[@]}"; do
    if [[ -n ${!name:-} ]]; then PROCESS_ENV+=("$name=${!name}"); fi
  done
  # Programs built elsewhere know another checkout's folder, which may be gone.
  [[ -n ${SCHEMA_DIR:-} ]] || PROCESS_ENV+=("SCHEMA_DIR=$ROOT/schema")
}

migrate() {
  local name
  program_environment admin
  for name in "${FOR_THE_FIRST_START[@]}"; do
    if [[ -n ${!name:-} ]]; then PROCESS_ENV+=("$name=${!name}"); fi
  done
  (
    trap - ERR EXIT
    cd "$ROOT"
    only_this_environment "${PROCESS_ENV[@]}"
    exec timeout --foreground 120 "$BIN/vsimctl" migrate
  ) || fail "vsimctl migrate failed"
}

STARTED=()   # what became of the programs of a step

# start_program NAME PROGRAM: with PROCESS_ENV, unless the same program already runs with it.
start_program() {
  local name=$1 made
  made=$(made_of "$BIN/$2")
  if process_current "$name" "$made"; then
    process_continue "$name"
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

# start_workers WANTED: an empty WANTED means as many as there were, at least one.
start_workers() {
  local wanted=$1 number
  [[ -n $wanted ]] || wanted=$(workers_kept)
  write_file "$RUN/workers" "$wanted"
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

# How many workers the last ops/up was for, also when they have been stopped since.
workers_kept() {
  local kept
  kept=$(cat "$RUN/workers" 2>/dev/null) || kept=$(worker_names | wc -l)
  echo $((kept > 0 ? kept : 1))
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

# An address that was asked for and that the API could not serve is not the next start's as well.
forget_address_not_served() {
  if [[ -n $(wish_for HTTP_ADDR) ]] && ! process_pid api >/dev/null; then
    rm -f "$PORTS/api.address"
  fi
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
