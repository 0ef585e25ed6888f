// Goal: the API, the broker and Postgres may be killed under load and started again: nothing
// acknowledged is lost, nothing happens twice.
// Method: a storm of writes; each part in turn gets SIGKILL and is started again on what it had
// stored. Then the log is compared with every answer. VSIM_SEED repeats a run.

#include <doctest/doctest.h>

#include "tests/e2e/storm.h"
#include "tests/harness/seed.h"

TEST_CASE("a killed API, broker and Postgres lose nothing and do nothing twice") {
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  const harness::SchemaCopy schema;
  schema.replace("messages/streams.json", R"("ack_wait": 30000000000)",
                 R"("ack_wait": 2000000000)");
  harness::Fleet fleet(
      {.workers = 2, .settings = {{"TIME_SCALE", "10"}}, .schema_dir = schema.path()});
  e2e::extend_pool(fleet);
  e2e::Storm storm(fleet, seed, 8);
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
    REQUIRE(storm.wait_for_more(100));
    fleet.api().kill();
    fleet.start_api();

    REQUIRE(storm.wait_for_more(100));
    fleet.nats().kill();
    fleet.nats().restart();

    REQUIRE(storm.wait_for_more(100));
    fleet.postgres().kill();
    fleet.postgres().restart();
  }
  REQUIRE(storm.wait_for_more(100));  // and it recovers
  e2e::check_truth(fleet, storm.finish());
}
