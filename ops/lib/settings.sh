# shellcheck shell=bash
# Settings of vsim's programs that the caller of ops/up names in the environment. They hold until
# ops/reset: a later ops/up, also after ops/down, needs not repeat them.

# Handed on to the programs (`vsim-api --help` lists them). Of TLS only what callers see: the
# private NATS and Postgres are reached over loopback.
PASSED_ON=(IDLE_TIMEOUT LEASE_MAX BILLING_INTERVAL PROFILE LOG_LEVEL LOG_FORMAT SCHEMA_DIR
  TLS_CERT_FILE TLS_KEY_FILE HTTP_CONNECTIONS EVENT_STREAMS DATABASE_CONNECTIONS RATE_LIMIT
  RATE_BURST TRUSTED_PROXIES HTTP_HOSTS DURABILITY)
# These make the first clock event only; afterwards the log's clock holds, and may have been set
# anew since, so they are not kept.
FOR_THE_FIRST_START=(TIME_SCALE SIM_SEED)
# Paths of files: the programs work in another folder than the caller.
PATH_SETTINGS=(SCHEMA_DIR TLS_CERT_FILE TLS_KEY_FILE)
# What the programs take and ops/up decides by itself.
NOT_TAKEN=(PORT ROLES ALLOW_NO_KEYS SWAGGER_DIR DB_HOST DB_PORT DB_NAME DB_USER DB_PASSWORD
  DB_SSLMODE DB_SSLROOTCERT NATS_CA_FILE NATS_CERT_FILE NATS_KEY_FILE)

# take_settings: what the caller names holds, an empty value takes a setting away, and for the rest
# what held before. What runs with another value is restarted.
take_settings() {
  local name value known
  for name in SCHEMA_DIR DURABILITY; do
    known=VSIM_ENV_$name
    if [[ -n ${!name:-} && ${!name} == "${!known:-}" ]]; then unset "$name"; fi
  done
  for name in "${PATH_SETTINGS[@]}"; do
    if [[ -n ${!name:-} ]]; then export "$name=$(realpath -sm -- "${!name}")"; fi
  done
  for name in "${PASSED_ON[@]}" "${FOR_THE_FIRST_START[@]}"; do
    [[ ${!name:-} != *[[:cntrl:]]* ]] || fail "$name holds a control character"
  done
  while IFS='=' read -r name value; do
    [[ " ${PASSED_ON[*]} " == *" $name "* ]] || continue
    if [[ ! -v $name ]]; then
      export "$name=$value"
      SETTINGS_KEPT+=$'\n'"  $name=$value"
    elif [[ ${!name} != "$value" ]]; then
      SETTINGS_CHANGED+=$'\n'"  $name=${!name} (was $value)"
    fi
  done < <(cat "$RUN/settings" 2>/dev/null)
  [[ -z ${DURABILITY:-} || $DURABILITY =~ ^(power|process)$ ]] ||
    fail "DURABILITY is '$DURABILITY'; give power or process"
}
SETTINGS_KEPT=''
SETTINGS_CHANGED=''

remember_settings() {
  local name lines=''
  for name in "${PASSED_ON[@]}"; do
    if [[ -n ${!name:-} ]]; then lines+="$name=${!name}"$'\n'; fi
  done
  printf '%s' "$lines" >"$RUN/settings.new"   # no blank line: older versions stop at one
  mv -T "$RUN/settings.new" "$RUN/settings"
}

# Takes the remembered settings alone, whatever the caller's environment holds.
recall_settings() {
  unset "${PASSED_ON[@]}" "${FOR_THE_FIRST_START[@]}" HTTP_ADDR METRICS_ADDR
  take_settings
}

# One paragraph for the person at the terminal, or nothing.
say_settings() {
  local name
  [[ -z $SETTINGS_KEPT ]] || say "settings kept (NAME= takes one away):${SETTINGS_KEPT}"
  [[ -z $SETTINGS_CHANGED ]] || say "settings changed:${SETTINGS_CHANGED}"
  for name in "${NOT_TAKEN[@]}"; do
    if [[ -n ${!name:-} ]]; then say "$name has no effect here; see ops/up --help"; fi
  done
}

# Addresses and ports as they were, to say which are others now.
PORTS_BEFORE=()
note_ports() { mapfile -t PORTS_BEFORE < <(ports_now); }

ports_now() {
  local file
  for file in "$PORTS"/*; do
    if [[ -s $file && $file != *.new ]]; then echo "${file##*/} $(<"$file")"; fi
  done
}

say_moved_ports() {
  local name was now
  if [[ " ${PORTS_BEFORE[*]}" != *' api.address '* && -z $(wish_for HTTP_ADDR) &&
    $HTTP_ADDRESS != *:8080 ]]; then
    say "8080 is taken, the API listens on $HTTP_ADDRESS"
  fi
  ((${#PORTS_BEFORE[@]} > 0)) || return 0
  while read -r name was; do
    now=$(cat "$PORTS/$name")
    [[ $now == "$was" ]] || say "not as before: ${name%.address} is at $now (was at $was)"
  done < <(printf '%s\n' "${PORTS_BEFORE[@]}")
}
