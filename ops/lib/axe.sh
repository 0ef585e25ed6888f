# shellcheck shell=bash
# axe-core, which examines the console's pages for what keeps people out: one script, out of a wheel
# that is pinned by hash. tests/browser looks for it there, or in the folder VSIM_AXE_DIR.

AXE=$TOOLS/axe
AXE_REQUIREMENTS=axe-requirements.txt

prepare_axe() {
  local pin
  lock_tools
  pin=$(sha256sum <"$ROOT/ops/tools/$AXE_REQUIREMENTS")
  [[ $(cat "$AXE/pin" 2>/dev/null) == "$pin" ]] || fetch_axe "$pin"
  unlock_tools
  STEP_NOTE="ok ($((SECONDS - STEP_STARTED)) s)"
}

fetch_axe() {
  local wheel=$TOOLS/axe-wheel
  unpack_wheels "$wheel" "$AXE_REQUIREMENTS" || fail_wheels "$AXE_REQUIREMENTS"
  rm -rf "$AXE"
  mkdir "$AXE"
  cp "$(find "$wheel" -name axe.min.js)" "$AXE"
  rm -rf "$wheel"
  echo "$1" >"$AXE/pin"
}
