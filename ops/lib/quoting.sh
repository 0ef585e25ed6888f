# shellcheck shell=bash
# Quotes any text, mostly a path, as one value of another language. Each function prints it.

# For a POSIX shell. Bash's %q may write $'...', which dash cannot read.
shell_quoted() {
  case $1 in
    '' | *[!A-Za-z0-9_./:=@%+,-]*) printf "'%s'\n" "${1//\'/\'\\\'\'}" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# Between the double quotes of nats-server's configuration.
nats_quoted() {
  local text=${1//\\/\\\\}
  printf '%s\n' "${text//\"/\\\"}"
}

# Between the single quotes of postgresql.conf, for a setting that is a list of names: each name in
# double quotes, since it may hold a comma.
postgres_quoted() {
  local text=${1//\"/\"\"}
  text=${text//\\/\\\\}
  printf '"%s"\n' "${text//\'/\'\'}"
}

# For the query part of a URI; a slash may stand there as it is.
percent_encoded() {
  local LC_ALL=C text=$1 out='' char i
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    case $char in
      [A-Za-z0-9._~/-]) out+=$char ;;
      *) out+=$(printf '%%%02X' "'$char") ;;
    esac
  done
  printf '%s\n' "$out"
}

# How many bytes it is, not how many characters.
byte_length() {
  local LC_ALL=C
  printf '%s\n' "${#1}"
}
