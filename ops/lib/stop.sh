# shellcheck shell=bash
# Stopping in order: those that take work in, those that do it, then the stores.

stop_all() {
  local workers
  mapfile -t workers < <(worker_names)
  if ! any_process_known; then echo "nothing was running in $RUN"; fi
  process_stop TERM 15 api
  process_stop TERM 15 "${workers[@]}"
  # INT: Postgres' fast shutdown. At TERM it would wait for every open psql to end by itself.
  process_stop INT 60 postgres
  process_stop TERM 30 nats
  process_stop TERM 30 nats-restoring   # of an ops/restore that was killed
  sync_stopped "$RUN/nats" "$(readlink -f "$RUN/postgres")"
}
