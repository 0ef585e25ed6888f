# shellcheck shell=bash
# Loopback ports. A port once taken is kept in .run/ports, so that addresses stay the same over
# restarts as long as nobody else has taken the port meanwhile.

# port_free HOST PORT: could a server listen there now?
port_free() {
  local host=${1#[}
  # GetAddrInfoFlags: else ::1 does not count where a machine has no other IPv6 address.
  perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(LocalHost => $ARGV[0],
      LocalPort => $ARGV[1], Proto => "tcp", Listen => 1, ReuseAddr => 1, GetAddrInfoFlags => 0)' \
    "${host%]}" "$2"
}

# A free port below the range from which the kernel takes the ports of outgoing connections. From
# that range it must not come: while a server is down, its clients try its port again and again, and
# one of them may then get this very port as its own and keep the server from coming back.
free_port() {
  local first_outgoing low port attempt
  read -r first_outgoing _ </proc/sys/net/ipv4/ip_local_port_range
  low=$((first_outgoing > 22000 ? first_outgoing - 12000 : 10000))
  for ((attempt = 0; attempt < 200; attempt++)); do
    port=$((low + (RANDOM * 32768 + RANDOM) % 12000))
    if port_free 127.0.0.1 "$port" && ! grep -qsE "(^|:)$port\$" "$PORTS"/*; then
      echo "$port"
      return 0
    fi
  done
  fail "no free port found between $low and $((low + 11999)) in 200 tries"
}

# keep_port NAME: prints the port kept under this name if it is free, else another, and keeps it.
keep_port() {
  local file=$PORTS/$1 port
  port=$(cat "$file" 2>/dev/null) || port=''
  [[ -n $port ]] && port_free 127.0.0.1 "$port" || port=$(free_port)
  write_file "$file" "$port"
  echo "$port"
}

# port_of PROCESS NAME: what runs keeps its port; else as keep_port.
port_of() {
  if process_pid "$1" >/dev/null && [[ -s $PORTS/$2 ]]; then
    cat "$PORTS/$2"
  else
    keep_port "$2"
  fi
}

# keep_address NAME WISH PREFERRED_PORT: the same for host:port of an HTTP server. WISH is an
# address the caller asked for, or empty; PREFERRED_PORT may be empty too.
keep_address() {
  local file=$PORTS/$1.address address was
  was=$(cat "$file" 2>/dev/null) || was=''
  if [[ -n $2 ]]; then
    address=$(read_address "$2")
    # A port that the server has now is free when it is restarted.
    [[ ${address##*:} == "${was##*:}" ]] && process_pid "$1" >/dev/null ||
      address_free "$address" || fail "$address is in use, or not an address of this machine"
  else
    address=$was
    address_free "$address" || address=127.0.0.1:$3
    address_free "$address" || address=127.0.0.1:$(free_port)
  fi
  write_file "$file" "$address"
  echo "$address"
}

# read_address TEXT: what the programs take: host:port, IPv6 in brackets, no host for all of IPv4.
read_address() {
  local address=$1 host='([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\])'
  [[ $address != :* ]] || address=0.0.0.0$address
  [[ $address =~ ^$host:([1-9][0-9]{0,4})$ ]] && ((BASH_REMATCH[3] < 65536)) ||
    fail "'$1' is no address; write it like 127.0.0.1:8080 or [::1]:8080"
  echo "$address"
}

address_free() { [[ $1 == *:?* ]] && port_free "${1%:*}" "${1##*:}"; }

# url_of ADDRESS [SCHEME]: how a client on this machine reaches a server that listens there.
url_of() {
  local host=${1%:*}
  case $host in
    0.0.0.0) host=127.0.0.1 ;;
    '[::]') host='[::1]' ;;
  esac
  echo "${2:-http}://$host:${1##*:}"
}
