# shellcheck shell=bash
# clang-format and clang-tidy, as wheels of PyPI below .run/tools.

CLANG_FORMAT=''

# One version for all, or two people would format each other's lines back and forth. Debian 12 has
# it; elsewhere the pinned wheel brings it.
prepare_clang_format() {
  CLANG_FORMAT=$(type -P clang-format-19) || CLANG_FORMAT=$TOOLS/clang-format/bin/clang-format
  [[ ! -x $CLANG_FORMAT ]] || return 0
  lock_tools
  install_wheels "$TOOLS/clang-format" format-requirements.txt
  unlock_tools
}

prepare_clang_tidy() {
  local folder=$TOOLS/clang-tidy pin programs
  lock_tools
  pin=$(sha256sum <"$ROOT/ops/tools/clang-tidy-requirements.txt")
  if [[ $(cat "$folder/pin" 2>/dev/null) != "$pin" ]]; then
    install_wheels "$folder" clang-tidy-requirements.txt
    echo "$pin" >"$folder/pin"
  fi
  # Not the folder's bin/clang-tidy, which is Python and knows the checkout's path.
  programs=("$folder"/lib/python3*/site-packages/clang_tidy/data/bin/clang-tidy)
  [[ -x ${programs[0]} ]] || fail "the wheel of clang-tidy holds no program in $folder"
  link_to "..${programs[0]#"$TOOLS"}" "$TOOLS/bin/clang-tidy"
  unlock_tools
  STEP_NOTE="ok ($((SECONDS - STEP_STARTED)) s)"
}
