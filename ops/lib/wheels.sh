# shellcheck shell=bash
# What comes as a wheel of PyPI: exactly the version and the hash that a file in ops/tools pins.

WHEEL_PACKAGES=(python3 python3-venv)

# install_wheels FOLDER REQUIREMENTS: a Python environment in FOLDER, with nothing else in it.
install_wheels() {
  install_packages "${WHEEL_PACKAGES[@]}"
  rm -rf "$1"
  python3 -m venv "$1"
  # Not bin/pip: its first line holds the path, which may have a blank or be too long for that.
  pip_install "$1" "$2" || fail_wheels "$2"
}

# unpack_wheels FOLDER REQUIREMENTS: only the files of the wheels, their programs in FOLDER/bin. One
# Python environment serves all of them, since making one takes longer than most wheels.
unpack_wheels() {
  local python=$TOOLS/pip
  install_packages "${WHEEL_PACKAGES[@]}"
  (
    flock 5
    "$python/bin/python3" -m pip --version && exit   # else there is none, or one of another Python
    rm -rf "$python"
    python3 -m venv "$python"
  ) 5>>"$python.lock"
  rm -rf "$1"
  TMPDIR=$TOOLS pip_install "$python" "$2" --no-compile --target "$1"
}

# pip_install ENVIRONMENT REQUIREMENTS [ARGUMENT...]
pip_install() {
  local environment=$1 requirements=$2
  shift 2
  "$environment/bin/python3" -m pip install --require-hashes --only-binary :all: --no-deps "$@" \
    -r "$ROOT/ops/tools/$requirements"
}

fail_wheels() { fail "pip could not bring what ops/tools/$1 pins"; }
