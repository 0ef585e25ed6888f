# shellcheck shell=bash
# What comes as a wheel of PyPI: exactly the version and the hash that a file in ops/tools pins.

WHEEL_PACKAGES=(python3 python3-venv)

# install_wheels FOLDER REQUIREMENTS: a Python environment in FOLDER, with nothing else in it.
install_wheels() {
  install_packages "${WHEEL_PACKAGES[@]}"
  rm -rf "$1"
  python3 -m venv "$1"
  # Not bin/pip: its first line holds the path, which may have a blank or be too long for that.
  "$1/bin/python3" -m pip install --require-hashes --only-binary :all: --no-deps \
    -r "$ROOT/ops/tools/$2" ||
    fail "pip could not bring what ops/tools/$2 pins"
}
