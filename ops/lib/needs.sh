# shellcheck shell=bash
# What the tests of a label need, so that one label does not wait for what another needs.

LABELS=(unit simulation integration e2e chaos powercut contract browser runbook scripts tidy alerts
  threads fuzz docker)

# servers: nats-server, nats and Postgres. programs: vsim's own. A name that ends with _tests, and
# vsim-simulate, is a build target; any name that prepare_needed_parts does not know either is a
# Debian package.
declare -A NEEDS=(
  [unit]='unit_tests'
  [simulation]='vsim-simulate'
  [integration]='servers integration_tests'
  [e2e]='servers swagger faketime programs e2e_tests'
  [chaos]='servers swagger faketime programs chaos_tests'
  [powercut]='servers fuse3 libfuse3-dev programs powercut_tests'
  [contract]='servers swagger schemathesis programs contract_tests'
  [browser]='servers swagger axe chromium programs browser_tests'
  [runbook]='servers swagger faketime programs runbook_tests'
  [scripts]='servers swagger locales programs scripts_tests'
  [tidy]='clang-format clang-tidy shellcheck'
  [alerts]='promtool'
  [threads]='tsan_tests'
  [fuzz]="${FUZZ_PACKAGES[*]}"
  [docker]='servers'
)
NEEDED_PACKAGES=()
NEEDED_PARTS=()
NEEDED_TARGETS=()

# take_needs LABEL...: fills NEEDED_PACKAGES, NEEDED_PARTS and NEEDED_TARGETS.
take_needs() {
  local label need
  for label in "$@"; do
    for need in ${NEEDS[$label]}; do
      case $need in
        programs) NEEDED_TARGETS+=("${PROGRAMS[@]}") ;;
        *_tests | vsim-simulate) NEEDED_TARGETS+=("$need") ;;
        servers | swagger | axe | schemathesis | promtool | clang-format | clang-tidy)
          [[ " ${NEEDED_PARTS[*]} " == *" $need "* ]] || NEEDED_PARTS+=("$need")
          [[ $need != servers ]] || NEEDED_PACKAGES+=("${RUN_PACKAGES[@]}")
          ;;
        *) NEEDED_PACKAGES+=("$need") ;;
      esac
    done
  done
}

prepare_needed_parts() {
  local part
  for part in "${NEEDED_PARTS[@]}"; do
    case $part in
      servers) run_step 'nats-server and nats' "$1" prepare_tools ;;
      swagger) run_step 'Swagger UI' "$1" prepare_swagger ;;
      axe) run_step 'axe-core' "$1" prepare_axe ;;
      schemathesis) run_step 'schemathesis' "$1" prepare_schemathesis ;;
      promtool) run_step 'promtool' "$1" prepare_promtool ;;
      clang-format) run_step 'clang-format' "$1" prepare_clang_format ;;
      clang-tidy) run_step 'clang-tidy' "$1" prepare_clang_tidy ;;
    esac
  done
}

# labels_of_names REGEX: the labels of the tests of such names (tests/tests.cmake makes them).
labels_of_names() {
  local label name
  for label in "${LABELS[@]}"; do
    for name in $(names_of_label "$label"); do
      [[ ! $name =~ $1 ]] || { echo "$label" && break; }
    done
  done
}

names_of_label() {
  local file
  case $1 in
    tidy)
      printf 'tidy.%s\n' tree self_test commands clang_tidy clang_tidy_self_test format scripts \
        mutations
      ;;
    alerts) printf '%s\n' alerts.files alerts.self_test ;;
    simulation)
      printf 'simulation.%s\n' found operators queue frozen fleet incidents leases warm fixed fresh
      ;;
    integration | e2e | chaos | powercut | browser | runbook | scripts)
      for file in "$ROOT/tests/$1"/*_test.cpp; do
        file=${file##*/}
        echo "$1.${file%_test.cpp}"
      done
      # Those that are run once more with --durability process (tests/CMakeLists.txt).
      [[ $1 != e2e ]] ||
        printf 'e2e.process.%s\n' chaos_parts chaos_workers outages journal lifecycle
      ;;
    fuzz | docker) ;;   # only where their labels are given
    *) echo "$1" ;;
  esac
}
