# shellcheck shell=bash
# schemathesis, which tests/contract drives, in a Python environment of its own below .run/tools.

SCHEMATHESIS=$TOOLS/schemathesis
SCHEMATHESIS_REQUIREMENTS=schemathesis-requirements.txt

prepare_schemathesis() {
  local pin
  lock_tools
  pin=$(sha256sum <"$ROOT/ops/tools/$SCHEMATHESIS_REQUIREMENTS")
  # What was installed in another place (the checkout was moved) does not start.
  if [[ $(cat "$SCHEMATHESIS/pin" 2>/dev/null) != "$pin" ]] ||
    ! schemathesis_version >/dev/null; then
    install_wheels "$SCHEMATHESIS" "$SCHEMATHESIS_REQUIREMENTS"
    echo "$pin" >"$SCHEMATHESIS/pin"
  fi
  link_to ../schemathesis/bin/schemathesis "$TOOLS/bin/schemathesis"
  unlock_tools
  STEP_NOTE="ok ($(schemathesis_version), $((SECONDS - STEP_STARTED)) s)"
}

schemathesis_version() {
  local line
  line=$("$SCHEMATHESIS/bin/schemathesis" --version 2>/dev/null) || return 1
  [[ $line =~ [0-9][0-9.]+ ]] && echo "${BASH_REMATCH[0]}"
}
