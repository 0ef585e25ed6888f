# shellcheck shell=bash
# The private nats-server of the run folder. Sets NATS_PORT.

NATS_PORT=''

# nats_url USER: admin, api, worker, operator or sys.
nats_url() { echo "nats://$1:$(secret "nats-$1")@127.0.0.1:$NATS_PORT"; }

start_nats() {
  local config=$RUN/nats-server.conf name port made
  name=$(cat "$RUN/nats-name" 2>/dev/null) ||
    name="vsim-$(run_id)-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
  echo "$name" >"$RUN/nats-name"
  if process_pid nats >/dev/null; then
    port=$(<"$PORTS/nats")
  else
    fail_if_unknown_nats_runs "$name"
    port=$(keep_port nats)
    keep_port nats-monitor >/dev/null
  fi
  write_nats_config "$name" "$port" "$(<"$PORTS/nats-monitor")" >"$config"
  write_nats_passwords
  made=$(nats_made)
  NATS_PORT=$port
  if process_current nats "$made"; then
    STEP_NOTE="ok (was up), 127.0.0.1:$port"
  else
    STEP_NOTE="$(process_news nats), 127.0.0.1:$port"
    "$NATS_SERVER" -t -c "$config"
    process_stop TERM 30 nats
    bring_store_over
    process_start nats "$made" "$NATS_SERVER" -c "$config"
  fi
  wait_for_nats "$name" "$port"
}

# What a running nats-server was made of; its passwords are part of it.
nats_made() {
  PROCESS_ENV=()
  made_of "$(readlink -f "$NATS_SERVER")" "$RUN/nats-server.conf" "$SECRETS/nats-passwords.conf"
}

# The store has a folder for each account. Before there were users, the streams lay in the account
# that everybody is in who names no user.
bring_store_over() {
  local store=$RUN/nats/jetstream
  [[ -d $store/\$G && ! -e $store/VSIM ]] || return 0
  mv -T "$store/\$G" "$store/VSIM"
  echo 'the streams of older data are in the account VSIM now'
}

# Lets a running nats-server read its passwords again; it then ends the connections of users whose
# password has changed.
reload_nats() {
  local tenths
  write_nats_passwords
  process_signal nats HUP
  for ((tenths = 100; tenths > 0; tenths--)); do
    # shellcheck disable=SC2016  # the broker's own $
    if NATS_URL=$(nats_url admin) "$NATS_CLI" --timeout 2s req '$JS.API.INFO' '' >/dev/null; then
      nats_made >"$PIDS/nats.made_of"
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

write_nats_config() {
  local text
  text=$(<"$ROOT/ops/servers/nats-server.conf.in")
  text=${text//@SERVER_NAME@/"$1"}
  text=${text//@LISTEN@/"127.0.0.1:$2"}
  text=${text//@MONITOR_LISTEN@/"127.0.0.1:$3"}
  printf '%s\n' "${text//@STORE_DIR@/"$RUN/nats"}"
}

# Ready is: the server at this port greets with our name, so that it is the one we started, and its
# JetStream has recovered.
wait_for_nats() {
  local name=$1 port=$2 greeting tenths
  for ((tenths = 600; tenths > 0; tenths--)); do
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
  fail "nats-server is not ready after 60 s; see $LOGS/nats.log"
}

# The line a server sends first: INFO {...}.
nats_greeting() {
  local line=''
  { read -r -t 2 line <"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || true
  echo "$line"
}
