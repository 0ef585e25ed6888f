// Goal: a watermark for each region in use, for the latest boundary that the timekeeper has passed,
// and no other. Method: a log in memory, a clock that stands still until it is advanced.

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/unit/clock_fixture.h"
#include "workers/biller.h"
#include "workers/billing_boundary.h"
#include "workers/timekeeper.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;
using eventstore::MemoryStore;

namespace {

constexpr Duration interval = 60s;

struct Billing {
  explicit Billing(MemoryStore& store, Fleet::Worker& worker, bool active = true)
      : role(store, worker.view, [active] { return active; }, metrics, interval) {}
  telemetry::Metrics metrics;
  AtWork<workers::Biller> role;
};

struct Keeping {
  explicit Keeping(MemoryStore& store, Fleet::Worker& worker)
      : role(store, worker.view, worker.costs, [] { return true; }, metrics, interval) {}
  telemetry::Metrics metrics;
  AtWork<workers::Timekeeper> role;
};

std::vector<BillingWatermark> watermarks(MemoryStore& store) {
  std::vector<BillingWatermark> found;
  for (const auto& logged : whole_log(store)) {
    if (const auto* one = std::get_if<BillingWatermark>(&logged)) {
      found.push_back(*one);
    }
  }
  return found;
}

void jump(Fleet& fleet, Duration by) {
  succeeds(handle_clock(fleet.worker(), clock_command(AdvanceClock{by})));
}

void create(Fleet& fleet, std::uint8_t n) {
  auto made = command(a_create());
  made.server = server_number(n);
  succeeds(fleet.handle(made));
}

bool billed_through(MemoryStore& store, Instant through) {
  return harness::eventually([&] {
    const auto all = watermarks(store);
    return !all.empty() && all.back().through == through;
  });
}

}  // namespace

TEST_CASE("billing intervals meet at multiples since 1970") {
  using workers::boundary_after;
  using workers::boundary_up_to;
  CHECK(boundary_up_to(at(60), 60s) == at(60));
  CHECK(boundary_up_to(at(60) - 1ms, 60s) == at(0));
  CHECK(boundary_after(at(60), 60s) == at(120));
  CHECK(boundary_after(at(59), 60s) == at(60));
  CHECK(boundary_up_to(Instant(-1ms), 60s) == Instant(-60s));
}

TEST_CASE("behind by many intervals, one watermark is for the latest boundary") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  create(fleet, 1);
  jump(fleet, 24h + 90s);
  const Keeping keeping(store, fleet.worker());
  REQUIRE(all_applied(store));
  fleet.worker().catch_up();
  const Billing billing(store, fleet.worker());
  REQUIRE(billed_through(store, at(60) + 24h));
  CHECK(watermarks(store) == std::vector<BillingWatermark>{{the_region, 1, at(60) + 24h}});
  jump(fleet, 60s);
  REQUIRE(billed_through(store, at(120) + 24h));
  CHECK(watermarks(store).back().version == 2);
  CHECK(watermarks(store).size() == 2);
  keeps_time(store);
}

TEST_CASE("where no address is taken, nothing is billed") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  const Keeping keeping(store, fleet.worker());
  const Billing billing(store, fleet.worker());
  jump(fleet, 1h);
  REQUIRE(all_applied(store));
  fleet.worker().catch_up();
  CHECK(watermarks(store).empty());
  // With an address taken it bills, which shows that it was at work before.
  create(fleet, 1);
  REQUIRE(billed_through(store, at(0) + 1h));
  CHECK(watermarks(store).size() == 1);
}

TEST_CASE("no watermark goes beyond what the timekeeper has applied") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  create(fleet, 1);
  const Billing billing(store, fleet.worker());
  REQUIRE(billed_through(store, at(0)));  // the clock began there
  jump(fleet, 1h);                        // nobody keeps the time
  create(fleet, 2);
  CHECK(watermarks(store).size() == 1);
  const Keeping keeping(store, fleet.worker());
  CHECK(billed_through(store, at(0) + 1h));
  keeps_time(store);
}

TEST_CASE("two billers at once, with answers lost, say each watermark once") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    MemoryStore store({seed, 0, 0.1, 0.3});
    Fleet fleet(store, 5, standing_still);
    Fleet::Worker other(store);
    create(fleet, 1);
    const Keeping keeping(store, fleet.worker());
    const Billing one(store, fleet.worker());
    const Billing two(store, other);
    for (int hour = 1; hour <= 5; ++hour) {
      jump(fleet, 1h);
      REQUIRE(billed_through(store, at(0) + hour * 1h));
    }
    const auto all = watermarks(store);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i].version == i + 1);
      if (i > 0) {
        CHECK(all[i].through > all[i - 1].through);
      }
    }
    keeps_time(store);
  }
}

TEST_CASE("a biller that stands by takes over when a watermark is owed for 2 s") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  create(fleet, 1);
  const Billing billing(store, fleet.worker(), false);
  CHECK(billed_through(store, at(0)));
}
