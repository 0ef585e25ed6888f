# shellcheck shell=bash
# CMake builds. Sets BIN, the folder of vsim-api, vsim-worker and vsimctl.
# VSIM_BIN_DIR names such a folder and skips the build, to run a sanitizer build for example.

BIN=${VSIM_BIN_DIR:-$ROOT/build/release/bin}
PROGRAMS=(vsim-api vsim-worker vsimctl)

# Characters that CMake, Ninja, a shell or a compiler takes for its own in a path.
check_build_path() {
  local taken='"'"'"'`$;#\&()<>|{}:'
  [[ $ROOT != *["$taken"]* ]] ||
    fail "vsim cannot be built in $ROOT: the path holds one of $taken" \
      "(move the checkout, or name programs built elsewhere by VSIM_BIN_DIR)"
}

build_release() {
  if [[ -n ${VSIM_BIN_DIR:-} ]]; then
    STEP_NOTE="skipped (VSIM_BIN_DIR=$VSIM_BIN_DIR)"
  else
    build_preset up   # not the tests: they take most of a build
  fi
  local program
  for program in "${PROGRAMS[@]}"; do
    [[ -x $BIN/$program ]] || fail "there is no program $BIN/$program"
  done
}

# build_preset PRESET [TARGET...]: without targets, those that the build preset says.
build_preset() {
  local preset=$1 targets=()
  shift
  (($# == 0)) || targets=(--target "$@")
  configure_preset "$preset"
  lock_tools
  interruptible env --chdir="$ROOT" \
    cmake --build --preset "$preset" --parallel "$(build_jobs)" "${targets[@]}" ||
    fail "the $preset build failed"
  unlock_tools
}

configure_preset() {
  local preset=$1 cache=$ROOT/build/${1/#up/release}/CMakeCache.txt fresh=()   # D65
  check_build_path
  lock_tools
  if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$cache"; then
    fresh=(--fresh)   # the checkout was moved; CMake would refuse its old cache
  fi
  if [[ -z ${CMAKE_CXX_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
  (cd "$ROOT" && cmake "${fresh[@]}" --preset "$preset") || fail "the $preset build failed"
  unlock_tools
}

# A compiler at work on heavy templates takes up to 1.5 GB.
build_jobs() {
  local jobs free_mb
  jobs=$(nproc)
  free_mb=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
  if ((jobs * 1500 > free_mb)); then jobs=$((free_mb / 1500)); fi
  echo $((jobs > 1 ? jobs : 1))
}
