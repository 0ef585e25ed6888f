// Goal: a certificate that has expired keeps out who comes anew, and when it is renewed all go on:
// nothing acknowledged is lost, nothing happens twice.
// Method: the faults of certificates.json, drawn by a seed, under a storm of writes; then the log
// is compared with every answer. VSIM_SEED repeats a run.

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"

TEST_CASE("expired certificates stop nothing for longer than they are in use") {
  chaos::run_theme("certificates", std::chrono::seconds(30));
}
