# shellcheck shell=bash
# The private Postgres cluster of the run folder. Sets PG_PORT.
#
# Who owns it: Postgres refuses to run as root, so for root it runs as the user postgres that
# Debian's package made. Where that user cannot reach the run folder (a checkout below /root), the
# data lies in /var/lib/vsim-<id> and .run/postgres is a link to it.

PG_PORT=''
PG_OWNER=''
PG_BASE=''         # the folder that holds data and socket
PG_DATA=''
PG_SOCKETS=''

start_postgres() {
  local port made news
  process_continue postgres
  choose_postgres_place
  make_cluster
  choose_socket_folder
  port=$(port_of postgres postgres)
  write_postgres_config "$port" | as_owner tee "$PG_DATA/vsim.conf.new" >/dev/null
  as_owner mv -T "$PG_DATA/vsim.conf.new" "$PG_DATA/vsim.conf"
  PROCESS_ENV=()
  made=$(made_of "$(postgres_program postgres)" "$PG_DATA/vsim.conf")
  if process_current postgres "$made" && postgres_socket_there "$port"; then
    STEP_NOTE="ok (was up), port $port"
  else
    news=$(process_news postgres)
    # Postgres makes it at its start alone, and without it nobody gets in.
    if process_current postgres "$made"; then news='restarted, its socket was gone'; fi
    STEP_NOTE="$news, port $port"
    process_stop INT 60 postgres
    before_start "$PG_DATA"
    start_postgres_process "$made"
  fi
  [[ $PG_BASE == "$RUN" ]] ||
    STEP_NOTE+=", data in $PG_BASE (no way for the user postgres to $RUN)"
  wait_for_postgres "$port"
  make_roles_and_database "$port"
}

postgres_socket_there() { as_owner test -S "$PG_SOCKETS/.s.PGSQL.$1"; }

# For a cluster that is up already.
attach_postgres() {
  choose_postgres_place
  choose_socket_folder
  PG_PORT=$(<"$PORTS/postgres")
}

choose_postgres_place() {
  PG_OWNER=$(id -un)
  PG_BASE=$RUN
  if ((EUID == 0)); then
    PG_OWNER=postgres
    id postgres >/dev/null 2>&1 || fail "there is no user postgres; Debian's package makes it"
    if [[ -L $RUN/postgres ]]; then   # decided in an earlier run
      PG_BASE=$(dirname "$(readlink "$RUN/postgres")")
    elif ! owner_can_live_in "$RUN"; then
      PG_BASE=/var/lib/vsim-$(run_id)
      mkdir -p "$PG_BASE"
      owner_can_live_in "$PG_BASE" ||
        fail "the user postgres can work neither in $RUN nor in $PG_BASE"
      ln -sfn "$PG_BASE/postgres" "$RUN/postgres"
    fi
  fi
  PG_DATA=$PG_BASE/postgres
}

as_owner() {
  if [[ $PG_OWNER == "$(id -un)" ]]; then
    "$@"
  else
    setpriv --reuid="$PG_OWNER" --regid="$PG_OWNER" --init-groups "$@"
  fi
}

# Not every folder works: a home of mode 700 may lie above it, or its file system (a shared folder
# of a virtual machine) has no owners.
owner_can_live_in() {
  local probe=$1/owner-probe status=0
  rm -rf "$probe"
  install -d -m 700 -o "$PG_OWNER" "$probe" || status=1
  (cd / && as_owner touch "$probe/file") || status=1
  rm -rf "$probe"
  return $status
}

# Programs of the version that made the cluster, also when a newer one was installed since.
postgres_program() {
  local version program
  version=$(as_owner cat "$PG_DATA/PG_VERSION")
  for program in "$PG_BIN/$1" "/usr/lib/postgresql/$version/bin/$1"; do
    if [[ $("$program" --version 2>/dev/null) =~ [^0-9]"$version"(\.|$|[^0-9]) ]]; then
      echo "$program"
      return 0
    fi
  done
  fail "$PG_DATA was made by Postgres $version, which is not installed; install it, or ops/reset"
}

# initdb works in a folder beside it, so that one broken off half-way is never taken for a cluster.
make_cluster() {
  local new=$PG_DATA.new
  as_owner test -f "$PG_DATA/PG_VERSION" && return 0
  rm -rf "$new"
  install -d -m 700 -o "$PG_OWNER" "$new"
  (cd / && as_owner "$PG_BIN/initdb" --pgdata="$new" --username="$PG_OWNER" --data-checksums \
    --encoding=UTF8 --locale=C.UTF-8 --lc-collate=C --auth=scram-sha-256 --auth-local=peer)
  # The owner of the files comes in by who he is, everyone else by password.
  as_owner tee "$new/pg_hba.conf" >/dev/null <<EOF
local all "$PG_OWNER" peer
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
EOF
  echo "include 'vsim.conf'" | as_owner tee -a "$new/postgresql.conf" >/dev/null
  mv -T "$new" "$PG_DATA"
  forget_power_cut
}

# A socket's path may have at most 107 bytes, and libpq takes a comma for the end of a host. A deep
# checkout gets a folder in /tmp, which may be swept at any time, so it is looked at on each start.
choose_socket_folder() {
  PG_SOCKETS=$PG_BASE/socket
  if (($(byte_length "$PG_SOCKETS$POSTGRES_SOCKET_FILE") > 106)) || [[ $PG_SOCKETS == *,* ]]; then
    PG_SOCKETS=$(cat "$RUN/postgres-sockets" 2>/dev/null || true)
    if [[ $(stat -c %U "$PG_SOCKETS" 2>/dev/null) != "$PG_OWNER" ]]; then
      PG_SOCKETS=$(mktemp -d /tmp/vsim-XXXXXX)
      write_file "$RUN/postgres-sockets" "$PG_SOCKETS"
      echo "the path of $RUN will not do for a socket; it is in $PG_SOCKETS"
    fi
  fi
  install -d -m 700 -o "$PG_OWNER" "$PG_SOCKETS"
}
POSTGRES_SOCKET_FILE=/.s.PGSQL.65535.lock

write_postgres_config() {
  local text
  text=$(<"$ROOT/ops/servers/postgresql.conf.in")
  text=${text//@PORT@/"$1"}
  text=${text//@FSYNC@/$(postgres_fsync)}
  printf '%s\n' "${text//@SOCKETS@/"$(postgres_quoted "$PG_SOCKETS")"}"
}

start_postgres_process() {
  local prefix=()
  wait_for_old_processes
  # They may name a pid that some other process has by now, or one that is dead and not collected;
  # Postgres would take either for a running postmaster.
  as_owner rm -f "$PG_DATA/postmaster.pid" "$PG_SOCKETS"/.s.PGSQL.*
  if [[ $PG_OWNER != "$(id -un)" ]]; then
    prefix=(setpriv --reuid="$PG_OWNER" --regid="$PG_OWNER" --init-groups)
  fi
  process_start postgres "$1" "${prefix[@]}" "$(postgres_program postgres)" -D "$PG_DATA"
}

# The children of a killed postmaster live on for a moment, and no other postmaster may start on the
# data before they have ended. They are found by their working folder, which is the data folder.
wait_for_old_processes() {
  local left deadline=$((SECONDS + 30))
  while ((SECONDS < deadline)); do
    left=$(processes_in "$PG_DATA")
    [[ -n $left ]] || return 0
    sleep 0.1
  done
  fail "these processes still work in $PG_DATA, stop them first: $left"
}

processes_in() {
  local folder
  for folder in /proc/[0-9]*; do
    if [[ $(readlink "$folder/cwd" 2>/dev/null) == "$1" ]]; then printf '%s ' "${folder#/proc/}"; fi
  done
}

wait_for_postgres() {
  local port=$1 program deadline=$((SECONDS + 60))
  program=$(postgres_program pg_isready)
  while ((SECONDS < deadline)); do
    process_fail_if_dead postgres
    "$program" -q -h "$PG_SOCKETS" -p "$port" -U vsim -d vsim && return 0
    sleep 0.1
  done
  fail "Postgres is not ready after 60 s; see $LOGS/postgres.log"
}

# The roles, the database and who may do what. Passwords are set anew each time, so that a lost
# .run/secrets heals by itself.
make_roles_and_database() {
  PG_PORT=$1
  set_role_passwords
  owner_sql postgres <<'EOF'
SELECT 'CREATE DATABASE vsim OWNER vsim_worker'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'vsim') \gexec
EOF
  owner_sql vsim <"$ROOT/ops/servers/postgres-grants.sql"
  rm -f "$SECRETS/postgres-password"   # of the one role that older run folders had
  PGCONNECT_TIMEOUT=5 "$(postgres_program psql)" -X -At -d "$(database_url worker)" -c 'SELECT 1' \
    >/dev/null
}

# Sets all of them, or none.
set_role_passwords() {
  { postgres_passwords && cat "$ROOT/ops/servers/postgres-roles.sql"; } |
    owner_sql postgres --single-transaction
  ! rotation_under_way || note_taken_by_postgres
}

# Ends sessions: one goes on after the password that opened it has changed.
end_sessions_begun_before() {
  owner_sql postgres <<EOF
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE usename IN ('vsim_worker', 'vsim_api', 'vsim_operator') AND backend_start < '$1'
EOF
}

# Ends the sessions that began with an old password. Not those of programs that have the new ones
# from a rotation which was broken off later: they would be without Postgres for a moment.
finish_rotation() {
  end_sessions_begun_before "$(taken_by_postgres_at)"
  end_rotation
}

# owner_sql DATABASE [OPTION]...: runs the SQL of standard input as the superuser of the cluster.
# Waits a minute at most for a Postgres that does not answer.
owner_sql() {
  local database=$1 psql
  shift
  psql=$(postgres_program psql)
  (cd / && PGCONNECT_TIMEOUT=10 as_owner timeout 60 "$psql" -X -q -v ON_ERROR_STOP=1 \
    -h "$PG_SOCKETS" -p "$PG_PORT" -U "$PG_OWNER" -d "$database" "$@" -f -)
}

# database_url ROLE: worker, api or operator.
database_url() {
  local password host
  password=$(secret "postgres-$1")
  host=$(percent_encoded "$PG_SOCKETS")
  echo "postgresql://vsim_$1:$password@/vsim?host=$host&port=$PG_PORT"
}
