// Goal: the connections between any two parts may be refused, cut, stalled, swallowed, slow or in
// slices: nothing acknowledged is lost, nothing happens twice, and all recovers without a hand.
// Method: the faults of network.json, drawn by a seed, under a storm of writes; then the log is
// compared with every answer. VSIM_SEED repeats a run.

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"

TEST_CASE("a network with faults between any two parts loses nothing and does nothing twice") {
  chaos::run_theme("network", std::chrono::seconds(30));
}
