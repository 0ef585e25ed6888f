# shellcheck shell=bash
# .run/env and .run/admin.env. VSIM_ENV_OF and VSIM_ENV_ADDRESSES in them let ops/up tell its own
# output from a wish.

write_env_files() {
  write_env env "$(nats_url operator)" "$(database_url operator)"
  write_env admin.env "$(nats_url admin)" "$(database_url worker)"
  ln -sfn "$BIN/vsimctl" "$RUN/bin/vsimctl"
  ln -sfn "$NATS_CLI" "$RUN/bin/nats"
}

# write_env FILE NATS_URL DATABASE_URL
write_env() {
  (
    umask 077
    {
      printf 'export %s=%q\n' VSIM_ENV_OF "$RUN" NATS_URL "$2" DATABASE_URL "$3" \
        NATS_MONITOR_URL "http://127.0.0.1:$(<"$PORTS/nats-monitor")" \
        HTTP_ADDR "$HTTP_ADDRESS" METRICS_ADDR "$METRICS_ADDRESS" KEYS_FILE "$KEYS" \
        VSIM_ENV_ADDRESSES "$HTTP_ADDRESS $METRICS_ADDRESS"
      # shellcheck disable=SC2016  # $PATH is for the reader of the file
      printf 'case ":$PATH:" in *:%q:*) ;; *) export PATH=%q:"$PATH" ;; esac\n' \
        "$RUN/bin" "$RUN/bin"
    } >"$RUN/$1.new"
  )
  mv "$RUN/$1.new" "$RUN/$1"
}
