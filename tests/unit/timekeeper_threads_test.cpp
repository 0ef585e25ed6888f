// Goal: an advance of the clock passes through every deadline on its way, in order, as if it had
// been waited for, and the log says so only when it is done. Method: a log in memory, a clock that
// stands still until it is advanced, timekeepers in threads; then the whole log is read.

#include <random>
#include <set>

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"
#include "tests/harness/eventually.h"
#include "tests/unit/clock_fixture.h"
#include "workers/due_deadlines.h"
#include "workers/standby.h"
#include "workers/timekeeper.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;
using eventstore::MemoryStore;

namespace {

class Keeper {
 public:
  explicit Keeper(MemoryStore& store, Fleet::Worker& worker, bool active = true)
      : role_(store, worker.view, worker.costs, [active] { return active; }, metrics_) {}
  double counted(const std::string& line) const {
    const auto text = metrics_.text();
    const auto found = text.find("\n" + line + " ");
    return found == std::string::npos ? 0 : std::stod(text.substr(found + line.size() + 2));
  }

 private:
  telemetry::Metrics metrics_;
  AtWork<workers::Timekeeper> role_;
};

void jump(Fleet& fleet, Duration by) {
  succeeds(handle_clock(fleet.worker(), clock_command(AdvanceClock{by})));
}

std::vector<std::pair<std::string, Instant>> names_and_times(
    const std::vector<messages::ServerLogged>& log) {
  std::vector<std::pair<std::string, Instant>> events;
  for (const auto& [event, state] : log) {
    events.emplace_back(std::string(event_type(event.data)), event.at);
  }
  return events;
}

// Servers of every kind, made in the course of a quarter of an hour: booting, stopped, stopping.
void populate(Fleet& fleet, std::uint8_t servers) {
  for (std::uint8_t n = 1; n <= servers; ++n) {
    succeeds(fleet.handle(create_number(n, n % 3 == 0 ? "instant" : "seed")));
    if (n % 6 == 0) {
      succeeds(fleet.handle(for_number(n, Stop{})));
    }
    jump(fleet, Duration(1000 * (n % 7)));
  }
}

// Each had 30 min of being stopped and an end, but for those that were left running.
void all_have_lived(Fleet& fleet, std::uint8_t servers) {
  for (std::uint8_t n = 1; n <= servers; ++n) {
    CAPTURE(n);
    const auto history = names_and_times(fleet.history(server_number(n)));
    if (n % 3 == 0 && n % 6 != 0) {
      CHECK(history.size() == 1);
      continue;
    }
    REQUIRE(history.size() >= 3);
    const auto& stopped = history[history.size() - 2];
    CHECK(stopped.first == "server_stopped");
    CHECK(history.back() ==
          std::pair<std::string, Instant>("server_terminated", stopped.second + 30min));
  }
}

}  // namespace

TEST_CASE("one jump goes through a boot and the idle timeout behind it, each at its own time") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "seed")));
  const Keeper keeper(store, fleet.worker());
  jump(fleet, 31min);
  REQUIRE(all_applied(store));
  const std::vector<std::pair<std::string, Instant>> expected = {
      {"server_provisioning", at(0)},
      {"server_stopped", at(3)},
      {"server_terminated", at(3) + 30min}};
  CHECK(names_and_times(fleet.history(server_number(1))) == expected);
  fleet.worker().catch_up();
  CHECK(fleet.worker().view.status().pools.at("us-east-1").first == 5);
  keeps_time(store);
  CHECK(keeper.counted("vsim_deadlines_fired_total") == 2);
  CHECK(keeper.counted(R"(vsim_servers_reaped_total{region="us-east-1"})") == 1);
  CHECK(keeper.counted(R"(vsim_deadline_lateness_seconds_bucket{le="10"})") == 2);
}

TEST_CASE("the events of many servers stand in the order of their times") {
  MemoryStore store;
  Fleet fleet(store, 60, standing_still);
  populate(fleet, 60);
  const Keeper keeper(store, fleet.worker());
  jump(fleet, 1h);
  REQUIRE(all_applied(store));
  keeps_time(store);
  all_have_lived(fleet, 60);
}

TEST_CASE("two timekeepers at once, with answers and requests lost, fire each deadline once") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    MemoryStore store({seed, 0.02, 0.05, 0.1});
    Fleet fleet(store, 30, standing_still);
    populate(fleet, 30);
    Fleet::Worker other(store);
    {
      const Keeper one(store, fleet.worker());
      const Keeper two(store, other);
      jump(fleet, 20min);
      jump(fleet, 40min);
      REQUIRE(all_applied(store));
    }
    keeps_time(store);
    all_have_lived(fleet, 30);
  }
}

TEST_CASE("an advance in the middle of an advance is caught up with too") {
  MemoryStore store;
  Fleet fleet(store, 30, standing_still);
  populate(fleet, 30);
  Fleet::Worker other(store);
  jump(fleet, 10min);
  // Right before the first round is appended.
  store.before_next_append([&] { succeeds(handle_clock(other, clock_command(AdvanceClock{2h}))); });
  const Keeper keeper(store, fleet.worker());
  REQUIRE(all_applied(store));
  CHECK(clock_of(store).time.sim >= at(0) + 2h + 10min);
  keeps_time(store);
  all_have_lived(fleet, 30);
}

TEST_CASE("deadlines_applied is said of an advance with nothing due, and once") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  const Keeper keeper(store, fleet.worker());
  jump(fleet, 1h);
  REQUIRE(all_applied(store));
  fleet.worker().catch_up();
  const auto log = whole_log(store);
  const auto said = std::count_if(log.begin(), log.end(), [](const auto& logged) {
    const auto* clock = std::get_if<messages::ClockLogged>(&logged);
    return clock && std::holds_alternative<DeadlinesApplied>(clock->event.data);
  });
  CHECK(said == 1);
}

TEST_CASE("it is said at the boundaries of billing while an address is taken, else never") {
  MemoryStore store;
  Fleet fleet(store, 5, 1000);  // a boundary every 60 ms of the wall
  const Keeper keeper(store, fleet.worker());
  const auto started = clock_of(store).deadlines_applied_through;
  const auto now = [&] { return fleet.worker().view.now(); };
  REQUIRE(harness::eventually([&] { return now() > started + 10min; }));
  CHECK(clock_of(store).deadlines_applied_through == started);
  succeeds(fleet.handle(create_number(1, "instant")));
  const auto created = now();
  CHECK(harness::eventually(
      [&] { return clock_of(store).deadlines_applied_through > created + 10min; }));
  keeps_time(store);
}

TEST_CASE("one that stands by takes over when nothing moves for 2 s") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "seed")));
  const Keeper keeper(store, fleet.worker(), false);
  jump(fleet, 1h);
  REQUIRE(all_applied(store));
  CHECK(fleet.state(server_number(1)).server->status == Status::terminated);
}

TEST_CASE("a start decided before the idle timeout wins, however late the timekeeper comes") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "seed")));
  jump(fleet, 3s + 30min - 1ms);  // nobody has said yet that it is even stopped
  succeeds(fleet.handle(for_number(1, Start{})));
  jump(fleet, 1h);
  const Keeper keeper(store, fleet.worker());
  REQUIRE(all_applied(store));
  CHECK(fleet.state(server_number(1)).server->status == Status::running);
}

TEST_CASE("a reaper never terminates a server that was started after it looked") {
  MemoryStore store;
  Fleet fleet(store, 5, standing_still);
  succeeds(fleet.handle(create_number(1, "seed")));
  jump(fleet, 3s + 29min);
  fleet.handle(for_number(1, Stop{}));  // rejected, but it brings in that the server has stopped
  Fleet::Worker reaper(store);
  reaper.catch_up();
  const auto due = fleet.state(server_number(1)).server->deadline->due;
  // It has looked at a time past the timeout; the start, decided before, comes just before its
  // word.
  store.before_next_append([&] { succeeds(fleet.handle(for_number(1, Start{}))); });
  const auto looked_at =
      workers::apply_due(store, reaper.view, reaper.costs, due, std::nullopt, [](const Event&) {});
  REQUIRE(looked_at);
  for (const auto& [event, state] : fleet.history(server_number(1))) {
    CHECK_FALSE(std::holds_alternative<ServerTerminated>(event.data));
  }
  CHECK(fleet.state(server_number(1)).server->status == Status::running);
}

TEST_CASE("a start decided at or after the idle timeout is rejected, reaped or not yet") {
  for (const auto late : {0ms, 1ms, 3'600'000ms}) {
    CAPTURE(late.count());
    MemoryStore store;
    Fleet fleet(store, 5, standing_still);
    succeeds(fleet.handle(create_number(1, "seed")));
    jump(fleet, 3s + 30min + late);
    const auto verdict = fleet.handle(for_number(1, Start{}));
    REQUIRE(std::holds_alternative<Rejection>(verdict));
    CHECK(std::get<Rejection>(verdict).code == RejectionCode::invalid_transition);
    const auto history = names_and_times(fleet.history(server_number(1)));
    REQUIRE(history.size() == 4);
    CHECK(history[2] == std::pair<std::string, Instant>("server_terminated", at(3) + 30min));
    // The command's decision has reaped it, so that is shown there.
    const auto metrics = fleet.worker().metrics.text();
    CHECK(metrics.find(R"(vsim_servers_reaped_total{region="us-east-1"} 1)") != std::string::npos);
  }
}

TEST_CASE("who stands by helps where nothing moves, and not where many are due at one moment") {
  workers::Standby standby([] { return false; });
  std::chrono::steady_clock::time_point now;
  const auto must_act_on = [&](std::uint8_t server) {
    now += 3s;
    return standby.must_act(workers::Standby::Oldest(at(0), server_number(server)), now);
  };
  CHECK_FALSE(must_act_on(1));
  CHECK_FALSE(must_act_on(2));
  CHECK_FALSE(must_act_on(3));
  CHECK(must_act_on(3));
  CHECK(must_act_on(4));  // until nothing waits
  CHECK_FALSE(standby.must_act(std::nullopt, now));
}
