# shellcheck shell=bash
# Passwords of the run folder: one file each in .run/secrets, mode 600, made at first use.
#
# A rotation makes a whole set of new ones in secrets/next. While that folder is there a rotation is
# under way: those in secrets/ hold until broker and Postgres have taken the new ones, then the new
# ones replace them, and when all runs with them the folder goes. So after an interruption
# the next ops/rotate or ops/up finds the folder and goes on with the same passwords.

NATS_USERS=(admin api worker operator sys)
POSTGRES_ROLES=(worker api operator)   # of the roles vsim_worker and so on
NEXT_SECRETS=$SECRETS/next
SECRETS_IN_USE=$SECRETS

# secret NAME: prints it. Letters and digits only, so that it fits into a URL as it is.
secret() {
  local file=$SECRETS_IN_USE/$1
  [[ -s $file ]] || new_secret "$file"
  cat "$file"
}

# new_secret FILE
new_secret() {
  local secret
  secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && write_file "$1" "$secret")
}

secret_names() { printf '%s\n' "${NATS_USERS[@]/#/nats-}" "${POSTGRES_ROLES[@]/#/postgres-}"; }

rotation_under_way() { [[ -d $NEXT_SECRETS ]]; }

# The new set, or that of a rotation which was broken off.
prepare_next_secrets() {
  local name new=$NEXT_SECRETS.new
  STEP_NOTE='ok (those of a rotation that was broken off)'
  ! rotation_under_way || return 0
  rm -rf "$new" "$NEXT_SECRETS.done"
  mkdir -m 700 "$new"
  for name in $(secret_names); do
    new_secret "$new/$name"
  done
  mv -T "$new" "$NEXT_SECRETS"
  STEP_NOTE="ok (NATS: ${NATS_USERS[*]}; Postgres: ${POSTGRES_ROLES[*]/#/vsim_})"
}

# with_next_secrets FUNCTION [ARGUMENT...]
with_next_secrets() {
  SECRETS_IN_USE=$NEXT_SECRETS
  "$@"
  SECRETS_IN_USE=$SECRETS
}

adopt_next_secrets() {
  local name secret
  for name in $(secret_names); do
    secret=$(<"$NEXT_SECRETS/$name")
    (umask 077 && write_file "$SECRETS/$name" "$secret")
  done
}

# Since when Postgres takes the passwords of this rotation, and no others.
note_taken_by_postgres() {
  [[ -s $NEXT_SECRETS/taken-by-postgres ]] ||
    write_file "$NEXT_SECRETS/taken-by-postgres" "$(date -u +%FT%T.%6NZ)"
}
taken_by_postgres_at() { cat "$NEXT_SECRETS/taken-by-postgres"; }

end_rotation() {
  mv -T "$NEXT_SECRETS" "$NEXT_SECRETS.done"
  rm -rf "$NEXT_SECRETS.done"
}

# The definitions that nats-server.conf includes. tr goes by bytes, whatever the locale.
write_nats_passwords() {
  local user password lines=''
  for user in "${NATS_USERS[@]}"; do
    password=$(secret "nats-$user")
    lines+="$(tr '[:lower:]' '[:upper:]' <<<"$user")_PASSWORD: \"$password\""$'\n'
  done
  (umask 077 && write_file "$SECRETS/nats-passwords.conf" "$lines")
}

# For psql, in front of postgres-roles.sql; by its standard input, since a process list shows
# arguments.
postgres_passwords() {
  local role password
  for role in "${POSTGRES_ROLES[@]}"; do
    password=$(secret "postgres-$role")
    printf "\\\\set %s_password '%s'\n" "$role" "$password"
  done
}
