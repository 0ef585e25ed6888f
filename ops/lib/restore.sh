# shellcheck shell=bash
# A backup's streams, looked at and put into a store of their own; and a store put in the place of
# another, which is moved aside. Whenever the script is killed, one whole store is in place after
# the next ops/up: the old one or the new one.

RESTORED_STREAMS=(EVENTS JOURNAL DEAD_LETTERS)
NEW_STORE=$RUN/nats.restoring   # being filled

# backup_number STREAM NAME: of the stream's state when the backup was made.
backup_number() { jq -er ".state.$2 | numbers" "$BACKUP/$1/backup.json"; }

# Checks that the files exist and what they say of themselves; their content is read later.
check_backup() {
  local stream file
  [[ -d $BACKUP ]] || fail "there is no folder $BACKUP"
  BACKUP_STREAMS=()
  for stream in "${RESTORED_STREAMS[@]}"; do
    file=$BACKUP/$stream/backup.json
    if [[ ! -e $BACKUP/$stream && $stream != EVENTS ]]; then
      STEP_NOTE="${STEP_NOTE:-ok}; $stream is not in it and will be empty"
      continue
    fi
    [[ -s $file ]] || fail "$BACKUP is no backup of vsim: it has no $stream/backup.json"
    [[ $(jq -er .config.name "$file") == "$stream" ]] || fail "$file is not a backup of $stream"
    backup_number "$stream" last_seq >/dev/null && backup_number "$stream" messages >/dev/null ||
      fail "$file does not say what the stream held"
    file=$BACKUP/$stream/stream.tar.s2
    [[ -s $file ]] || fail "$file is missing or empty"
    BACKUP_STREAMS+=("$stream")
  done
  (($(backup_number EVENTS last_seq) > 0)) || fail "the backup's log holds no event"
}
BACKUP=''
BACKUP_STREAMS=()

# The backup goes through a broker of its own, beside the one that runs: what cannot be read, or
# holds other messages than it says, is found before anything is stopped.
fill_new_store() {
  local port monitor config=$RUN/nats-restoring.conf stream
  drop_new_store   # of a call that was killed
  port=$(keep_port nats-restoring)
  monitor=$(keep_port nats-restoring-monitor)
  write_nats_passwords
  write_file "$config" "$(nats_config "$(nats_name)-restoring" "$port" "$monitor" "$NEW_STORE")"
  PROCESS_ENV=()
  process_start nats-restoring restoring "$NATS_SERVER" -c "$config"
  await_greeting "$(nats_name)-restoring" "$port"
  for stream in "${BACKUP_STREAMS[@]}"; do
    NATS_PORT=$port restore_stream "$stream"
  done
  process_stop TERM 30 nats-restoring
  rm -f "$config" "$PORTS"/nats-restoring{,-monitor}
  [[ -d $NEW_STORE/jetstream/VSIM/streams/EVENTS ]] || fail "the broker has stored nothing"
}

# Its argument, if any, is the label of the step that failed.
drop_new_store() {
  process_stop TERM 30 nats-restoring >/dev/null
  rm -rf "$NEW_STORE" "$RUN/nats-restoring.conf" "$PORTS"/nats-restoring{,-monitor}
}

# await_greeting NAME PORT
await_greeting() {
  local deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    process_fail_if_dead nats-restoring
    [[ $(nats_greeting "$2") != *"\"server_name\":\"$1\""*'"jetstream":true'* ]] || return 0
    sleep 0.1
  done
  fail "the broker that reads the backup is not ready after 30 s; see $LOGS/nats-restoring.log"
}

restore_stream() {
  local NATS_URL state name names=(last_seq)
  [[ $1 != EVENTS ]] || names+=(messages)   # of the others the oldest may be due to go
  NATS_URL=$(nats_url admin)
  export NATS_URL
  "$NATS_CLI" stream restore "$BACKUP/$1" --no-progress >/dev/null ||
    fail "the broker cannot read the backup of $1; nothing was changed"
  state=$("$NATS_CLI" stream info "$1" --json)
  for name in "${names[@]}"; do
    [[ $(jq -er ".state.$name" <<<"$state") == "$(backup_number "$1" "$name")" ]] ||
      fail "the backup of $1 does not hold what it says ($name); nothing was changed"
  done
}

# Stops everything but Postgres. The read models are dropped first: they are made again from
# whichever log is there.
stop_for_restore() {
  local workers
  mapfile -t workers < <(worker_names)
  process_stop TERM 15 api
  process_stop TERM 15 "${workers[@]}"
  process_stop TERM 30 nats
}

# put_in_place STORE
put_in_place() {
  rm -rf "$WHOLE_STORE"
  mv -T "$1" "$WHOLE_STORE"
  if [[ -e $RUN/nats ]]; then mv -T "$RUN/nats" "$REPLACED"; fi
  finish_restore
}
REPLACED=$RUN/nats-replaced-$(date -u +%FT%H%M%SZ)

# restore_read_models DUMP: none when empty. The backup's read models save the projector's time; if
# anything is wrong with them, the projector makes them itself.
restore_read_models() {
  local url dump=$1 at
  url=$(database_url worker)
  drop_read_models "$url"
  [[ -n $dump && -s $dump ]] || return 0
  if "$(postgres_program pg_restore)" --dbname="$url" --no-owner --no-privileges --exit-on-error \
    "$dump" && at=$(projected_until "$url") && ((at <= $(backup_number EVENTS last_seq))); then
    STEP_NOTE="ok (of the backup, until event $at)"
    return 0
  fi
  drop_read_models "$url"
  STEP_NOTE='ok (those of the backup will not do; they are made anew from the log)'
}

drop_read_models() {
  "$(postgres_program psql)" -X -q -v ON_ERROR_STOP=1 -d "$1" \
    -c 'DROP SCHEMA IF EXISTS vsim CASCADE'
}

projected_until() {
  "$(postgres_program psql)" -X -At -v ON_ERROR_STOP=1 -d "$1" \
    -c "SELECT sequence FROM vsim.projection_checkpoint WHERE stream = 'EVENTS'" |
    grep -E '^[0-9]+$'
}

# Verifies that the log is its own fold, and that the read models match it.
verify_restored() {
  local url answer deadline=$((SECONDS + READY_WITHIN_SECONDS))
  url=$(url_of "$HTTP_ADDRESS" "${TLS_CERT_FILE:+https}")/readyz
  while true; do
    answer=$(curl -s --insecure --noproxy '*' --max-time 3 "$url" |
      jq -r .facts.projection_lag) || true
    [[ $answer != 0 ]] || break
    ((SECONDS < deadline)) || fail "the read models are $answer events behind the log"
    sleep 0.5
  done
  program_environment admin
  (
    trap - ERR EXIT
    cd "$ROOT"
    only_this_environment "${PROCESS_ENV[@]}"
    exec "$BIN/vsimctl" verify
  ) || fail "vsimctl verify has found the restored log wrong"
}
