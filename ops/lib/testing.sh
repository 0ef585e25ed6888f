# shellcheck shell=bash
# One run of ctest on one build, and the count over all runs.

TESTS_PASSED=0
TESTS_FAILED=0
TESTS_SKIPPED=0
RUN_SUMMARIES=()
RUNS_BROKEN=()      # builds that failed, runs without a result

# run_tests PRESET CTEST_ARGUMENT...: prints what ctest prints, counts from its JUnit file.
run_tests() {
  local preset=$1 junit=$LOGS/test-$1.xml status=0
  shift
  rm -f "$junit"
  say ''
  say "== $preset: ctest $*"
  (cd "$ROOT" && in_fixed_layout "$preset" ctest --preset "$preset" --output-junit "$junit" \
    --parallel "${VSIM_TEST_JOBS:-$(nproc)}" "$@") >&3 2>&3 || status=$?
  count_results "$preset" "$junit" "$status"
}

# Address space layout randomisation beyond what the sanitizers of g++ 12 and clang 14 know makes
# them abort at start on newer kernels; so their programs run without it.
in_fixed_layout() {
  local preset=$1
  shift
  if [[ $preset == *san* || $preset == fuzz ]] && setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}

count_results() {
  local preset=$1 junit=$2 status=$3 tests failures skipped name
  tests=$(junit_number tests "$junit")
  failures=$(junit_number failures "$junit")
  skipped=$(($(junit_number skipped "$junit") + $(junit_number disabled "$junit")))
  if ((tests == 0)); then
    RUNS_BROKEN+=("$preset ran no test")
    return 0
  fi
  if ((status != 0 && failures == 0)); then RUNS_BROKEN+=("$preset: ctest ended with $status"); fi
  TESTS_PASSED=$((TESTS_PASSED + tests - failures - skipped))
  TESTS_FAILED=$((TESTS_FAILED + failures))
  TESTS_SKIPPED=$((TESTS_SKIPPED + skipped))
  while read -r name; do
    say "FAILED in $preset: $name"
  done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="fail".*/\1/p' "$junit")
  RUN_SUMMARIES+=("$preset $((tests - failures - skipped)) of $tests")
}

# The attributes of the first element, <testsuite>, hold the totals.
junit_number() {
  local number
  number=$(grep -o "\b$1=\"[0-9]*\"" "$2" 2>/dev/null | head -n 1 | tr -cd '0-9') || true
  echo "${number:-0}"
}

# The last line of ops/test. Status 1 unless all is well.
report_tests() {
  local line="$TESTS_PASSED passed, $TESTS_FAILED failed"
  ((TESTS_SKIPPED == 0)) || line+=", $TESTS_SKIPPED skipped"
  ((${#RUN_SUMMARIES[@]} == 0)) || line+=" ($(joined "${RUN_SUMMARIES[@]}"))"
  ((${#RUNS_BROKEN[@]} == 0)) || line+="; $(joined "${RUNS_BROKEN[@]}")"
  say ''
  say "$line"
  ((TESTS_FAILED == 0 && TESTS_PASSED + TESTS_SKIPPED > 0 && ${#RUNS_BROKEN[@]} == 0))
}

# A step that fails ends the program; what was tested before is still worth its line.
report_broken_build() {
  RUNS_BROKEN+=("${1#*] } failed")
  report_tests || true
}

joined() {
  local all
  all=$(printf '%s, ' "$@")
  echo "${all%, }"
}
