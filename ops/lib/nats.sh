# shellcheck shell=bash
# The private nats-server of the run folder. Sets NATS_URL.

NATS_URL=''

start_nats() {
  local config=$RUN/nats-server.conf name port made
  name=$(cat "$RUN/nats-name" 2>/dev/null) ||
    name="vsim-$(run_id)-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
  echo "$name" >"$RUN/nats-name"
  PROCESS_ENV=()
  if process_pid nats >/dev/null; then
    port=$(<"$PORTS/nats")
  else
    fail_if_unknown_nats_runs "$name"
    port=$(keep_port nats)
    keep_port nats-monitor >/dev/null
  fi
  write_nats_config "$name" "$port" "$(<"$PORTS/nats-monitor")" >"$config"
  made=$(made_of "$(readlink -f "$NATS_SERVER")" "$config")
  NATS_URL=nats://127.0.0.1:$port
  if process_current nats "$made"; then
    STEP_NOTE="ok (was up), $NATS_URL"
  else
    STEP_NOTE="$(process_news nats), $NATS_URL"
    "$NATS_SERVER" -t -c "$config"
    process_stop TERM 30 nats
    process_start nats "$made" "$NATS_SERVER" -c "$config"
  fi
  wait_for_nats "$name" "$port"
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
  text=${text//@PORT@/"$2"}
  text=${text//@MONITOR_PORT@/"$3"}
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
