// Goal: a worker may be killed at any instant: nothing acknowledged is lost, nothing happens twice.
// Method: a storm of writes on two workers; 20 times one of them gets SIGKILL and is started again.
// The ack wait is lowered, so that deliveries come again within the test. Then the log is compared
// with every answer. VSIM_SEED repeats a run.

#include <random>

#include <doctest/doctest.h>

#include "tests/e2e/storm.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"

TEST_CASE("20 killed workers lose nothing and do nothing twice") {
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 dice(seed);
  const harness::SchemaCopy schema;
  schema.set_ack_wait(std::chrono::seconds(2));
  harness::Fleet fleet(
      {.workers = 2, .settings = {{"TIME_SCALE", "10"}}, .schema_dir = schema.path()});
  // More than a storm takes in us-east-1; eu-west-1 keeps its 100, which are soon gone.
  harness::extend_pool(fleet.client(), "10.20.0.0/16");
  e2e::Storm storm(fleet, seed, 8);
  for (int kill = 1; kill <= 20; ++kill) {
    CAPTURE(kill);
    REQUIRE(storm.wait_for_more(20 + dice() % 60));
    const std::size_t victim = dice() % 2;
    fleet.worker(victim).kill();
    if (dice() % 2 == 0) {
      REQUIRE(storm.wait_for_more(10));  // the other one goes on alone
    }
    fleet.start_worker(victim);
  }
  REQUIRE(storm.wait_for_more(100));  // and it recovers
  e2e::check_truth(fleet, storm.finish());
}
