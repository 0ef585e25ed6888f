// Goal: what a bill has called final stays so when the broker's clock is set back: no worker
// decides at an earlier time than the broker has shown, also one that was idle until then, or that
// starts afterwards (D40).
// Method: a worker's view on a log in memory whose clock runs fast, and measurements that
// contradict those before.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/unit/fleet_fixture.h"

using namespace vsim;
using namespace std::chrono_literals;
using eventstore::BootClock;
using eventstore::MemoryStore;

namespace {

constexpr double scale = 1e6;  // a millisecond is a quarter of an hour

/// The broker's clock was set back by so much, and the next measurement tells.
void set_back(eventstore::BrokerClock& clock, std::chrono::nanoseconds by) {
  const auto before = BootClock::now();
  clock.learn(before, std::chrono::system_clock::now() - by, BootClock::now());
}

}  // namespace

TEST_CASE("an idle worker decides nothing before what the broker has shown until it was set back") {
  MemoryStore store;
  fixture::Fleet fleet(store, 4, scale);
  auto& worker = fleet.worker();
  const auto asked = worker.view.now();
  Instant final_until{};  // of a bill, by an API's clock that agrees with the worker's
  REQUIRE(harness::eventually([&] {
    final_until = simulated_at(worker.view.clock(), worker.wall.now());
    return final_until > asked + 1h;
  }));
  set_back(worker.wall, 10s);
  REQUIRE(worker.wall.status().jumps == 1);
  CHECK(worker.view.now() >= final_until);
}

TEST_CASE("a worker that starts after the broker was set back decides after the log's last event") {
  MemoryStore store;
  fixture::Fleet fleet(store, 4, scale);
  const auto settled = fleet.worker().view.now() + 1h;
  REQUIRE(harness::eventually([&] { return fleet.worker().view.now() > settled; }));
  fleet.handle(fixture::command(fixture::a_create()));
  const auto decided = fleet.state(fixture::the_server).server.value();
  eventstore::BrokerClock wall(fixture::measured_once);
  set_back(wall, 10s);
  workers::FleetView view(store, wall, [] { return read_model::FleetSnapshot{}; });
  const std::jthread thread([&](std::stop_token stop) { view.run(stop); });
  REQUIRE(view.catch_up());
  CHECK(view.now() >= decided.created_at);
}
