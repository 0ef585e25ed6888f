# shellcheck shell=bash
# Passwords of the run folder: one file each in .run/secrets, mode 600, made at first use.

NATS_USERS=(admin api worker operator sys)
POSTGRES_ROLES=(worker api operator)   # of the roles vsim_worker and so on

# secret NAME: prints it. Letters and digits only, so that it fits into a URL as it is.
secret() {
  local file=$SECRETS/$1
  [[ -s $file ]] || new_secret "$1"
  cat "$file"
}

# new_secret NAME: in place of what it was.
new_secret() {
  (
    umask 077
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$SECRETS/$1.new"
  )
  mv "$SECRETS/$1.new" "$SECRETS/$1"
}

new_secrets() {
  local name
  for name in "${NATS_USERS[@]/#/nats-}" "${POSTGRES_ROLES[@]/#/postgres-}"; do
    new_secret "$name"
  done
  STEP_NOTE="ok (NATS: ${NATS_USERS[*]}; Postgres: ${POSTGRES_ROLES[*]/#/vsim_})"
}

# The definitions that nats-server.conf includes.
write_nats_passwords() {
  local user file=$SECRETS/nats-passwords.conf
  (
    umask 077
    for user in "${NATS_USERS[@]}"; do
      printf '%s_PASSWORD: "%s"\n' "${user^^}" "$(secret "nats-$user")"
    done >"$file.new"
  )
  mv "$file.new" "$file"
}

# For psql, in front of postgres-roles.sql; by its standard input, since a process list shows
# arguments.
postgres_passwords() {
  local role
  for role in "${POSTGRES_ROLES[@]}"; do
    printf "\\\\set %s_password '%s'\n" "$role" "$(secret "postgres-$role")"
  done
}
