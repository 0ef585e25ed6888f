// Goal: programs, broker and Postgres may be killed, stopped and started with wrong clocks under
// load, several at once: nothing acknowledged is lost, nothing happens twice, and all recovers
// without a hand.
// Method: the faults of parts.json, drawn by a seed, under a storm of writes; then the log is
// compared with every answer. VSIM_SEED repeats a run.

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"

TEST_CASE("what is killed, stopped or has a wrong clock loses nothing and does nothing twice") {
  chaos::run_theme("parts", std::chrono::seconds(30));
}
