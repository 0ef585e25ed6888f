// Goal: the clock's events are a fold that never goes back, whatever delays the broker's stamps.
// Method: commands decided at one wall time, evolved at a later stamp, read back from JSON.

#include <cmath>

#include <doctest/doctest.h>

#include "domain/sim_clock.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;

namespace {

const WallTime wall{std::chrono::hours(400'000)};

SimClock started(double scale) {
  const ClockEvent event{1, at(0), std::nullopt, {"seed", {}}, ClockStarted{scale, 7}};
  return evolve(SimClock{}, event, wall);
}

ClockCommand command(std::uint64_t number, ClockAction action) {
  CommandId id = fixture::command(Stop{}).id;
  id.uuid.bytes[0] = static_cast<std::uint8_t>(number);
  return {id, number, "hash", {"api", "request"}, action};
}

}  // namespace

TEST_CASE("an advance adds to the time at the broker's stamp, not to that of the decision") {
  const auto clock = started(1000);
  const auto decision = decide(clock, command(1, AdvanceClock{1h}), wall + 1s);
  REQUIRE(decision.events.size() == 1);
  const auto late = evolve(clock, decision.events.front(), wall + 3s);
  CHECK(simulated_at(late.time, wall + 3s) == at(3000) + 1h);
  CHECK(simulated_at(late.time, wall + 4s) == at(4000) + 1h);
}

TEST_CASE("a slower scale never takes time back") {
  const auto clock = started(1'000'000);
  const auto decision = decide(clock, command(1, ScaleClock{1}), wall + 1s);
  REQUIRE(decision.events.size() == 1);
  const auto slow = evolve(clock, decision.events.front(), wall + 2s);
  CHECK(simulated_at(slow.time, wall + 2s) == simulated_at(clock.time, wall + 2s));
  CHECK(simulated_at(slow.time, wall + 3s) == simulated_at(clock.time, wall + 2s) + 1s);
}

TEST_CASE("a redelivered clock command takes effect once, a stale one never") {
  auto clock = started(1);
  const auto advance = command(5, AdvanceClock{1h});
  clock = evolve(clock, decide(clock, advance, wall + 1s).events.front(), wall + 1s);
  const auto again = decide(clock, advance, wall + 2s);
  CHECK(again.events.empty());
  CHECK(std::holds_alternative<AlreadyDecided>(again.verdict));
  const auto stale = decide(clock, command(4, AdvanceClock{1h}), wall + 2s);
  CHECK(stale.events.empty());
  CHECK(std::holds_alternative<Stale>(stale.verdict));
}

TEST_CASE("deadlines_applied changes neither time nor the last command") {
  auto clock = started(60);
  clock = evolve(clock, decide(clock, command(5, AdvanceClock{1h}), wall + 1s).events.front(),
                 wall + 1s);
  const auto through = simulated_at(clock.time, wall + 2s);
  const auto after = evolve(clock, deadlines_applied(clock, {through, std::nullopt}), wall + 3s);
  CHECK(after.time == clock.time);
  CHECK(after.last_command == clock.last_command);
  CHECK(after.deadlines_applied_through == through);
  CHECK(after.version == clock.version + 1);
}

TEST_CASE("time has reached what has been applied, and every change counts from there") {
  // The timekeeper ran on by the old scale for a moment.
  auto clock = started(3600);
  clock =
      evolve(clock, decide(clock, command(5, ScaleClock{1}), wall + 1s).events.front(), wall + 1s);
  const auto ahead = clock.time.sim + 10s;
  clock = evolve(clock, deadlines_applied(clock, {ahead, std::nullopt}), wall + 2s);
  CHECK(simulated_at(clock, wall + 2s) == ahead);
  CHECK(simulated_at(clock, wall + 12s) == ahead + 1s);
  const auto advance = decide(clock, command(6, AdvanceClock{5s}), wall + 2s);
  CHECK(advance.events.front().at == ahead);
  clock = evolve(clock, advance.events.front(), wall + 2s);
  CHECK(simulated_at(clock, wall + 2s) == ahead + 5s);
}

TEST_CASE("each limit of a clock command holds at it and not past it") {
  CHECK_FALSE(out_of_range(AdvanceClock{0ms}));
  CHECK_FALSE(out_of_range(AdvanceClock{advance_max}));
  CHECK(out_of_range(AdvanceClock{advance_max + 1ms}));
  CHECK(out_of_range(AdvanceClock{-1ms}));
  CHECK_FALSE(out_of_range(ScaleClock{time_scale_max}));
  CHECK_FALSE(out_of_range(ScaleClock{time_scale_min}));
  CHECK(out_of_range(ScaleClock{std::nextafter(time_scale_min, 0)}));
  CHECK(out_of_range(ScaleClock{1e-308}));
  CHECK(out_of_range(ScaleClock{1'000'000.5}));
  CHECK(out_of_range(ScaleClock{0}));
  CHECK(out_of_range(ScaleClock{-1}));
}

TEST_CASE("time ends before RFC 3339 does, with a rejection that changes no time") {
  auto clock = started(1);
  clock.time.sim = std::chrono::sys_days(std::chrono::year(8995) / 1 / 1);
  const auto decision = decide(clock, command(1, AdvanceClock{advance_max}), wall);
  REQUIRE(decision.events.size() == 1);
  const auto after = evolve(clock, decision.events.front(), wall);
  CHECK(after.time == clock.time);
  CHECK(after.last_command->outcome.kind == OutcomeKind::rejected);
  CHECK(std::holds_alternative<Rejection>(decision.verdict));
}

TEST_CASE("clock events are read back as they were written, with the state after them") {
  auto clock = started(2.5);
  std::uint64_t number = 0;
  const auto append = [&](const ClockEvent& event, WallTime stored_at) {
    const auto after = evolve(clock, event, stored_at);
    const auto logged = messages::decode_event({std::string(messages::clock_subject),
                                                ++number,
                                                stored_at,
                                                {},
                                                messages::encode(event, clock)});
    REQUIRE(logged);
    const auto& read = std::get<messages::ClockLogged>(*logged);
    CHECK(read.event == event);
    CHECK(read.state == after);
    clock = after;
  };
  append(decide(clock, command(3, AdvanceClock{1500ms}), wall + 1s).events.front(),
         wall + 1s + 123ns);
  append(deadlines_applied(clock, {at(77), std::nullopt}), wall + 5s);
  append(decide(clock, command(4, ScaleClock{0.125}), wall + 6s).events.front(), wall + 7s);
  append(deadlines_applied(clock, {at(99), std::nullopt}), wall + 8s);
}
