// Goal: the API, the broker and Postgres may be killed under load and started again: nothing
// acknowledged is lost, nothing happens twice.
// Method: a storm of writes; each part in turn gets SIGKILL and is started again on what it had
// stored. Then the log is compared with every answer. VSIM_SEED repeats a run.

#include <doctest/doctest.h>

#include "tests/e2e/storm.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"

TEST_CASE("a killed API, broker and Postgres lose nothing and do nothing twice") {
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  const harness::SchemaCopy schema;
  schema.set_ack_wait(std::chrono::seconds(2));
  harness::Fleet fleet(
      {.workers = 2, .settings = {{"TIME_SCALE", "10"}}, .schema_dir = schema.path()});
  // More than a storm takes in us-east-1; eu-west-1 keeps its 100, which are soon gone.
  harness::extend_pool(fleet.client(), "10.20.0.0/16");
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
