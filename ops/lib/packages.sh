# shellcheck shell=bash
# Debian packages. apt is called only when something is missing, so a prepared machine needs no
# root. VSIM_SKIP_PACKAGES=1 skips this on systems that are not Debian; CMake says what it lacks.

BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config
  libnats-dev libpqxx-dev libcpp-httplib-dev libsimdjson-dev libfmt-dev libexpected-dev
  libcli11-dev libspdlog-dev prometheus-cpp-dev libssl-dev zlib1g-dev doctest-dev
  python3   # tests/tidy
)
RUN_PACKAGES=(postgresql postgresql-client ca-certificates curl jq)   # jq: ops/runbook.md
FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)   # tests/fuzz

# install_packages PACKAGE...: those that are missing.
install_packages() {
  local missing
  if [[ -n ${VSIM_SKIP_PACKAGES:-} ]]; then
    STEP_NOTE='skipped (VSIM_SKIP_PACKAGES)'
    return 0
  fi
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "this is no Debian (no apt-get); install the like of: $* and set VSIM_SKIP_PACKAGES=1"
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    STEP_NOTE='ok (nothing missing)'
    return 0
  fi
  echo "missing: ${missing[*]}"
  need_root "${missing[@]}"
  as_root apt-get -o DPkg::Lock::Timeout=300 update
  keep_machine_postgres_away_begin
  # A failure must not leave the drop-in behind, so its status is looked at by hand.
  local status=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install --yes --no-install-recommends "${missing[@]}" || status=$?
  keep_machine_postgres_away_end
  ((status == 0)) || fail "apt-get could not install: ${missing[*]}"
  STEP_NOTE="ok (${#missing[@]} installed, $((SECONDS - STEP_STARTED)) s)"
}

missing_packages() {
  local found package
  # Its status says only that some package is unknown.
  found=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true
  for package in "$@"; do
    [[ $'\n'$found$'\n' == *$'\n'"$package installed"$'\n'* ]] || echo "$package"
  done
}

as_root() { if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi; }

# A password, if sudo wants one, is asked for here, at the terminal and before the long work begins.
need_root() {
  ((EUID != 0)) || return 0
  command -v sudo >/dev/null || fail "needs root (or sudo) once, to install: $*"
  sudo -n true 2>/dev/null && return 0
  [[ -t 4 ]] || fail "sudo wants a password and there is no terminal; as root: apt-get install $*"
  printf '\n' >&4
  sudo -v || fail "sudo was refused; as root: apt-get install $*"
}

# The first installation of Debian's Postgres makes and starts a cluster `main` on port 5432. vsim
# has its own, so a drop-in says not to; it is removed after the installation.
POSTGRES_DROP_IN=/etc/postgresql-common/createcluster.d/vsim-no-main-cluster.conf

keep_machine_postgres_away_begin() {
  as_root mkdir -p "${POSTGRES_DROP_IN%/*}"
  echo 'create_main_cluster = false' | as_root tee "$POSTGRES_DROP_IN" >/dev/null
}

keep_machine_postgres_away_end() { as_root rm -f "$POSTGRES_DROP_IN"; }
