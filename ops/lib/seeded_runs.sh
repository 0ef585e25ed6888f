# shellcheck shell=bash
# The frame of ops/chaos and ops/powercut: runs of a test program, each of a theme under a seed. The
# script sets LABEL, which names its tests and the folder of its logs, THEMES and USAGE, and has a
# function take_option OPTION VALUE for its own options.

LOG=''
SEED=1
CHOSEN=()

# read_arguments ARGUMENT...: fills SEED and CHOSEN. Each option but --help has a value.
read_arguments() {
  while (($# > 0)); do
    case $1 in
      -h | --help) echo "$USAGE" && exit 0 ;;
      --seed)
        check_number "$1" "${2:-}" 18
        SEED=$2
        shift
        ;;
      -*)
        take_option "$1" "${2:-}"
        shift
        ;;
      *)
        [[ $1 != *' '* && " ${THEMES[*]} " == *" $1 "* ]] ||
          fail_usage "ops/$LABEL: no theme '$1'; there are ${THEMES[*]}"
        CHOSEN+=("$1")
        ;;
    esac
    shift
  done
}

# check_number OPTION VALUE DIGITS_MAX
check_number() {
  [[ $2 =~ ^[1-9][0-9]*$ ]] || fail_usage "ops/$LABEL: $1 takes a whole number"
  ((${#2} <= $3)) || fail_usage "ops/$LABEL: $1 $2 is too much"
}

fail_option() { fail_usage "ops/$LABEL: no option '$1'; see ops/$LABEL --help"; }

# prepare_runs STEPS: all before the first run, of which there will be so many.
prepare_runs() {
  take_needs "$LABEL"
  steps_begin $((2 + ${#NEEDED_PARTS[@]} + $1))
  make_places
  LOG=$LOGS/$LABEL.log
  keep_log_small "$LOG"
  mkdir -p "$RUN/$LABEL"
  run_step 'packages' "$LOG" install_packages "${BUILD_PACKAGES[@]}" "${NEEDED_PACKAGES[@]}"
  prepare_needed_parts "$LOG"
  run_step 'building release' "$LOG" build_preset release "${NEEDED_TARGETS[@]}"
}

log_of() { echo "$RUN/$LABEL/$1-$2.log"; }   # THEME SEED

# run_seed THEME SEED FILE [NAME=VALUE]...: the cases of FILE_test.cpp, with these settings.
run_seed() {
  local log file=$3 seed=$2
  log=$(log_of "$1" "$2")
  shift 3
  env "VSIM_SEED=$seed" "$@" "$ROOT/build/release/bin/${LABEL}_tests" \
    --source-file="*/${file}_test.cpp" >"$log" 2>&1
}
