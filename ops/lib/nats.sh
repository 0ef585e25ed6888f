# shellcheck shell=bash
# The private nats-server of the run folder. Sets NATS_PORT.

NATS_PORT=''
# A big store is read for minutes before the server answers. It is waited for while it lives, since
# a restart would only begin anew.
STORE_READ_WITHIN_SECONDS=${VSIM_STORE_READ_WITHIN_SECONDS:-600}

# nats_url USER: admin, api, worker, operator or sys.
nats_url() {
  local password
  password=$(secret "nats-$1")
  echo "nats://$1:$password@127.0.0.1:$NATS_PORT"
}

start_nats() {
  local config=$RUN/nats-server.conf name port monitor made write_failed=0
  name=$(nats_name)
  process_continue nats
  process_pid nats >/dev/null || fail_if_unknown_nats_runs "$name"
  port=$(port_of nats nats)
  monitor=$(port_of nats nats-monitor)
  write_file "$config" "$(nats_config "$name" "$port" "$monitor")"
  write_nats_passwords
  made=$(nats_made)
  NATS_PORT=$port
  if nats_stopped_writing; then write_failed=1; fi
  if process_current nats "$made" && ((!write_failed)); then
    STEP_NOTE="ok (was up), 127.0.0.1:$port"
  else
    STEP_NOTE="$(process_news nats), 127.0.0.1:$port"
    if ((write_failed)); then
      fail_without_room
      STEP_NOTE="restarted, since a write had failed, 127.0.0.1:$port"
    fi
    "$NATS_SERVER" -t -c "$config"
    process_stop TERM 30 nats
    bring_store_over
    before_start "$RUN/nats"
    after_boot "$RUN/nats"
    process_start nats "$made" "$NATS_SERVER" -c "$config"
  fi
  wait_for_nats "$name" "$port"
}

# After a failed write, as on a full disk, that stream accepts nothing more until nats-server is
# restarted.
nats_stopped_writing() {
  local health
  process_pid nats >/dev/null || return 1
  health=$(curl -s --noproxy '*' --max-time 2 \
    "http://127.0.0.1:$(<"$PORTS/nats-monitor")/healthz") || true
  [[ $health == *'write error'* ]]
}

# A server that is started on a full disk does not come up, so reads would end too.
fail_without_room() {
  local free_mb
  free_mb=$(df --output=avail --block-size=1M "$RUN/nats" | tail -n 1)
  ((free_mb >= 16)) ||
    fail "nats-server has met a full disk, and $RUN/nats has ${free_mb// /} MiB left; make room"
}

# The server's name, by which it is recognised; made once a run folder.
nats_name() {
  [[ -s $RUN/nats-name ]] || write_file "$RUN/nats-name" \
    "vsim-$(run_id)-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
  cat "$RUN/nats-name"
}

# What a running nats-server was made of; its passwords are part of it.
nats_made() {
  PROCESS_ENV=()
  made_of "$(readlink -f "$NATS_SERVER")" "$RUN/nats-server.conf" "$SECRETS/nats-passwords.conf"
}

WHOLE_STORE=$RUN/nats.restored   # by ops/restore: filled, looked at, not yet in place

# Finishes an ops/restore that was killed between its two moves.
finish_restore() {
  [[ ! -e $RUN/nats && -d $WHOLE_STORE ]] || return 0
  mv -T "$WHOLE_STORE" "$RUN/nats"
  echo 'the store of an ops/restore that was broken off is in place now'
}

# The store has a folder for each account. Before there were users, the streams lay in the default
# account, which holds every connection without a user.
bring_store_over() {
  local store=$RUN/nats/jetstream
  finish_restore
  [[ -d $store/\$G && ! -e $store/VSIM ]] || return 0
  mv -T "$store/\$G" "$store/VSIM"
  echo 'the streams of older data are in the account VSIM now'
}

# Lets a running nats-server read its passwords again; it then ends the connections of users whose
# password has changed.
reload_nats() {
  local deadline=$((SECONDS + 15))
  write_nats_passwords
  "$NATS_SERVER" -t -c "$RUN/nats-server.conf"
  process_signal nats HUP
  while ((SECONDS < deadline)); do
    # shellcheck disable=SC2016  # the broker's own $
    if NATS_URL=$(nats_url admin) "$NATS_CLI" --timeout 2s req '$JS.API.INFO' '' >/dev/null; then
      write_file "$PIDS/nats.made_of" "$(nats_made)"
      return 0
    fi
    sleep 0.1
  done
  fail "nats-server does not take the new passwords; see $LOGS/nats.log"
}

# Two servers on one store would ruin it, and nats-server does not lock its folder. So if the pid
# file is lost but a server with our name still answers, starting another is refused.
fail_if_unknown_nats_runs() {
  local port
  port=$(cat "$PORTS/nats" 2>/dev/null) || return 0
  [[ $(nats_greeting "$port") == *"\"server_name\":\"$1\""* ]] || return 0
  fail "a nats-server of this run folder answers at port $port, but $PIDS/nats.pid does not" \
    "name it; stop it by its pid first"
}

# nats_config NAME PORT MONITOR_PORT [STORE]
nats_config() {
  local text
  text=$(<"$ROOT/ops/servers/nats-server.conf.in")
  text=${text//@SERVER_NAME@/"$1"}
  text=${text//@LISTEN@/"127.0.0.1:$2"}
  text=${text//@MONITOR_LISTEN@/"127.0.0.1:$3"}
  text=${text//@SYNC_INTERVAL@/$(broker_sync_interval)}
  printf '%s\n' "${text//@STORE_DIR@/"$(nats_quoted "${4:-$RUN/nats}")"}"
}

# Ready means that the server at this port greets with our name, so that it is the one we started,
# and that its JetStream has recovered.
wait_for_nats() {
  local name=$1 port=$2 greeting deadline=$((SECONDS + STORE_READ_WITHIN_SECONDS))
  while ((SECONDS < deadline)); do
    process_fail_if_dead nats
    greeting=$(nats_greeting "$port")
    if [[ $greeting == *"\"server_name\":\"$name\""* && $greeting == *'"jetstream":true'* ]]; then
      curl -fsS --noproxy '*' --max-time 2 \
        "http://127.0.0.1:$(<"$PORTS/nats-monitor")/healthz" && return 0
    elif [[ -n $greeting ]]; then
      fail "another server answers at port $port: ${greeting:0:200}"
    fi
    sleep 0.1
  done
  fail "nats-server is not ready after $STORE_READ_WITHIN_SECONDS s and goes on reading its" \
    "store; see $LOGS/nats.log; ops/up, typed again, waits further and restarts nothing"
}

# The line a server sends first: INFO {...}.
nats_greeting() {
  local line=''
  { read -r -t 2 line <"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || true
  echo "$line"
}
