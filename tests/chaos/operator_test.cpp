// Goal: what needs a hand is over when the runbook has been followed, under load: nothing that was
// acknowledged is lost, but what an older log never knew, and that is listed; nothing happens
// twice.
// Method: the troubles of operator.json, in the order of a seed, done to a system by ops/up under a
// storm of writes; after each the commands of its entry. Then the log is compared with the answers.

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"
#include "tests/chaos/operated_system.h"
#include "tests/harness/seed.h"

TEST_CASE("an operator who follows the runbook under load loses nothing and does nothing twice") {
  if (!runbook::have_mounts_of_our_own()) {
    return;
  }
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  chaos::Record record("operator", seed);
  chaos::OperatedSystem system;
  e2e::Storm storm(system.target(), seed, 6);
  for (const chaos::Trouble& trouble : chaos::troubles(seed)) {
    CAPTURE(trouble.kind);
    REQUIRE(storm.wait_for_more(50, std::chrono::seconds(120)));
    record.note(trouble.kind);
    record.count(trouble.kind);
    record.count("kills", trouble.kind == "all_killed" ? 5 : trouble.kind == "older_log" ? 2 : 0);
    system.suffer(trouble, storm);
    record.note("followed: " + trouble.entry);
  }
  REQUIRE(storm.wait_for_more(100, std::chrono::seconds(120)));  // and it has recovered
  const auto writes = storm.finish();
  record.count("writes", writes.size());
  e2e::check_truth(system.target(), system.without_lost(writes));
  system.check_lost_are_listed(writes);
  system.check_verified();
}
