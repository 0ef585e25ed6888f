# shellcheck shell=bash
# .run/env and .run/admin.env. VSIM_ENV_OF, VSIM_ENV_ADDRESSES, VSIM_ENV_SCHEMA_DIR and
# VSIM_ENV_DURABILITY in them let ops/up recognise its own output, which is no wish of the caller.

write_env_files() {
  write_env env operator operator
  write_env admin.env admin worker
  ln -sfn "$BIN/vsimctl" "$RUN/bin/vsimctl"
  ln -sfn "$NATS_CLI" "$RUN/bin/nats"
}

# write_env FILE NATS_USER POSTGRES_ROLE: for any POSIX shell.
write_env() {
  local broker database bin lines schema=${SCHEMA_DIR:-$ROOT/schema}
  broker=$(nats_url "$2")
  database=$(database_url "$3")
  bin=$(shell_quoted "$RUN/bin")
  lines=$(
    exports DURABILITY "${DURABILITY:-power}" VSIM_ENV_DURABILITY "${DURABILITY:-power}"
    [[ -z ${VSIM_BIN_DIR:-} ]] || exports SCHEMA_DIR "$schema" VSIM_ENV_SCHEMA_DIR "$schema"
    exports VSIM_ENV_OF "$RUN" NATS_URL "$broker" DATABASE_URL "$database" \
      NATS_MONITOR_URL "http://127.0.0.1:$(<"$PORTS/nats-monitor")" \
      API_URL "$(api_url)" API_CERT_FILE "${TLS_CERT_FILE:-}" \
      HTTP_ADDR "$HTTP_ADDRESS" METRICS_ADDR "$METRICS_ADDRESS" KEYS_FILE "$KEYS" \
      VSIM_ENV_ADDRESSES "$HTTP_ADDRESS $METRICS_ADDRESS"
    # shellcheck disable=SC2016  # $PATH is for the reader of the file
    printf 'case ":$PATH:" in *:%s:*) ;; *) export PATH=%s:"$PATH" ;; esac\n' "$bin" "$bin"
  )
  (umask 077 && write_file "$RUN/$1" "$lines")
}

# exports [NAME VALUE]...
exports() {
  while (($# > 0)); do
    printf 'export %s=%s\n' "$1" "$(shell_quoted "$2")"
    shift 2
  done
}
