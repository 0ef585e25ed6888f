# shellcheck shell=bash
# promtool, which reads alert rules: found on the PATH, or taken out of Debian's package prometheus.
# The package is not installed: it would start a Prometheus on this machine.

prepare_promtool() {
  local own=$TOOLS/bin/promtool found
  lock_tools
  found=$(on_path promtool)
  if [[ -n $found ]]; then
    link_to "$found" "$own"
  elif [[ ! -x $own || -L $own ]]; then
    take_promtool "$own"
  fi
  unlock_tools
  STEP_NOTE="ok ($("$own" --version 2>&1 | sed -n 's/^promtool, version \([^ ]*\).*/\1/p'))"
}

take_promtool() {
  local folder=$TOOLS/promtool
  command -v apt-get >/dev/null || fail "no promtool on the PATH, and no apt-get to bring it"
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && download_prometheus && dpkg-deb --extract prometheus_*.deb .) ||
    fail "apt-get could not bring Debian's package prometheus, which holds promtool"
  rm -f "$1"
  mv "$folder/usr/bin/promtool" "$1"
  rm -rf "$folder"
}

download_prometheus() {
  apt-get download prometheus || { as_root apt-get update && apt-get download prometheus; }
}
