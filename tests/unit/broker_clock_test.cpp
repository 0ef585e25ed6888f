// Goal: a process knows the broker's time as exactly as its measurements allow, never lets it fall
// by itself, and knows when it does not know it. Issue 12, point 1: local clocks were trusted.
// Method: scripted measurements, against a clock that only the test moves.

#include "eventstore/broker_clock.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vsim::eventstore::BrokerClock;
using vsim::eventstore::ClockLimits;
using vsim::eventstore::Timestamp;

namespace {

const Timestamp noon{std::chrono::hours(400'000)};

constexpr std::chrono::nanoseconds drift_over(std::chrono::nanoseconds length) {
  return length / 1'000'000 * BrokerClock::drift_parts_per_million_max;
}

/// A broker and a process beside it. The broker's time is `noon` when the machine has been up for a
/// day, and both go on with pass().
struct Ground {
  explicit Ground(ClockLimits limits = {}) : clock(limits, [this] { return ticks; }) {}

  void pass(std::chrono::nanoseconds length) {
    ticks += length;
    broker += length;
  }

  /// A question that takes `there` to the broker and `back` from it.
  void measure(std::chrono::nanoseconds there, std::chrono::nanoseconds back) {
    const auto asked_at = ticks;
    pass(there);
    const auto answered = broker;
    pass(back);
    clock.learn(asked_at, answered, ticks);
  }

  std::chrono::nanoseconds error() const { return clock.now() - broker; }
  std::chrono::nanoseconds uncertainty() const { return clock.status().uncertainty; }

  BrokerClock::Ticks ticks{24h};
  Timestamp broker = noon;
  BrokerClock clock;
};

}  // namespace

TEST_CASE("before the first measurement nothing is known, and it is said") {
  const Ground ground;
  CHECK_FALSE(ground.clock.known());
  CHECK_FALSE(ground.clock.status().known);
  CHECK(ground.clock.trouble() == "the broker's time has not been measured yet");
}

TEST_CASE("one measurement is wrong by half the round trip at most, however its halves differ") {
  for (const auto there : {0ms, 1ms, 5ms, 9ms, 10ms}) {
    CAPTURE(there.count());
    Ground ground;
    ground.measure(there, 10ms - there);
    CHECK(ground.clock.known());
    CHECK(ground.clock.trouble().empty());
    CHECK(ground.uncertainty() == 5ms);
    CHECK(std::chrono::abs(ground.error()) <= 5ms);
    CHECK(ground.error() == 5ms - (10ms - there));
    ground.pass(1s);
    CHECK(std::chrono::abs(ground.error()) <= 5ms);
  }
}

TEST_CASE(
    "several measurements count where they meet, which is never worse than the best of them") {
  Ground ground;
  ground.measure(80ms, 20ms);
  CHECK(ground.uncertainty() == 50ms);
  ground.pass(1s);
  ground.measure(1ms, 1ms);
  CHECK(ground.uncertainty() <= 1ms);
  const auto best = ground.uncertainty();
  ground.pass(1s);
  ground.measure(2s, 2s);  // a slow one takes nothing away
  CHECK(ground.uncertainty() <= best + drift_over(5s));
  CHECK(std::chrono::abs(ground.error()) <= ground.uncertainty());

  Ground halves;  // one late there, the other late back: what both allow is narrower than either
  halves.measure(0ms, 10ms);
  halves.measure(10ms, 0ms);
  CHECK(halves.uncertainty() < 1ms);
}

TEST_CASE("the uncertainty grows with the age of what was measured, by the drift of two clocks") {
  Ground ground;
  ground.measure(1ms, 1ms);
  ground.pass(100s);
  CHECK(ground.uncertainty() == 1ms + drift_over(100s));
  CHECK(ground.clock.status().age == 100s);
}

TEST_CASE("a process that has not measured for long decides nothing; at the limit it still does") {
  Ground ground({.silent_max = 10s});
  ground.measure(1ms, 1ms);
  ground.pass(10s);
  CHECK(ground.clock.trouble().empty());
  ground.pass(1ns);
  CHECK(ground.clock.trouble() == "the broker's time was last measured 10 s ago");
  ground.pass(50s);
  CHECK(ground.clock.trouble() == "the broker's time was last measured 60 s ago");
  ground.measure(1ms, 1ms);
  CHECK(ground.clock.trouble().empty());
}

TEST_CASE("a broker that answers too slowly leaves the process out of service") {
  Ground ground({.uncertainty_max = 500ms});
  ground.measure(500ms, 500ms);
  CHECK(ground.clock.trouble().empty());
  Ground slower({.uncertainty_max = 500ms});
  slower.measure(700ms, 700ms);
  CHECK(slower.clock.known());
  CHECK(slower.clock.trouble().find("within 0.7 s only") != std::string::npos);
}

TEST_CASE("without the broker time goes on for 83 minutes, then stands still until it is back") {
  Ground ground;
  ground.measure(0ms, 0ms);
  ground.pass(5000s);  // 500 ms of uncertainty at 100 millionths
  CHECK(ground.error() == 0ns);
  const auto last = ground.clock.now();
  ground.pass(1h);
  CHECK(ground.clock.now() == last);
  ground.measure(1ms, 1ms);
  CHECK(std::chrono::abs(ground.error()) <= 1ms);
}

TEST_CASE("time never falls when a measurement corrects the estimate") {
  Ground ground;
  ground.measure(0ms, 100ms);  // taken for the middle: 50 ms ahead
  const auto shown = ground.clock.now();
  CHECK(shown - ground.broker == -50ms);
  Ground ahead;
  ahead.measure(100ms, 0ms);
  const auto before = ahead.clock.now();
  CHECK(before - ahead.broker == 50ms);
  ahead.measure(0ms, 0ms);
  CHECK(ahead.clock.now() == before);  // it waits
  ahead.pass(49ms);
  CHECK(ahead.clock.now() == before);
  ahead.pass(2ms);
  CHECK(ahead.error() == 0ns);
}

TEST_CASE("what the machine's own clock says, and whether it is set, changes nothing") {
  Ground ground;  // system_clock is decades away from the script's broker
  ground.measure(1ms, 1ms);
  CHECK(ground.error() == 0ns);
  CHECK(std::chrono::abs(ground.clock.status().offset) > std::chrono::hours(1));
}

TEST_CASE("a broker's clock that is set ahead is followed at once, and counted") {
  Ground ground;
  ground.measure(1ms, 1ms);
  ground.pass(1s);
  ground.broker += 1h;
  ground.measure(1ms, 1ms);
  CHECK(std::chrono::abs(ground.error()) <= 1ms);
  CHECK(ground.clock.status().jumps == 1);
  CHECK(std::chrono::abs(ground.clock.status().last_jump - 1h) <= 1ms);
  CHECK(ground.clock.trouble().empty());
}

TEST_CASE("a broker's clock that is set back is followed too: whoever starts now must agree") {
  Ground ground;
  ground.measure(1ms, 1ms);
  ground.pass(1s);
  ground.clock.now();
  ground.broker -= 1h;
  ground.measure(1ms, 1ms);
  CHECK(std::chrono::abs(ground.error()) <= 1ms);
  CHECK(ground.clock.status().jumps == 1);
  CHECK(std::chrono::abs(ground.clock.status().last_jump + 1h) <= 1ms);
}

TEST_CASE("a change below the limit is no jump: time waits for it instead of falling") {
  for (const auto change : {BrokerClock::jump_min - 1ms, BrokerClock::jump_min}) {
    CAPTURE(change.count());
    Ground ground;
    ground.measure(0ms, 0ms);
    const auto before = ground.clock.now();
    ground.broker -= change;
    ground.measure(0ms, 0ms);
    const bool is_jump = change >= BrokerClock::jump_min;
    CHECK(ground.clock.status().jumps == (is_jump ? 1 : 0));
    CHECK(ground.clock.now() == (is_jump ? before - change : before));
  }
}

TEST_CASE("a broker whose clock is being slewed faster than clocks drift is followed closely") {
  Ground ground;
  ground.measure(1ms, 1ms);
  auto latest = ground.clock.now();
  for (int second = 0; second < 600; ++second) {
    ground.pass(1s);
    ground.broker += 500us;  // what the kernel slews at most
    ground.measure(1ms, 1ms);
    REQUIRE(std::chrono::abs(ground.error()) <= 2ms);
    REQUIRE(ground.clock.now() >= latest);
    latest = ground.clock.now();
  }
  CHECK(ground.clock.status().jumps == 0);
}

TEST_CASE("a process that was stopped or suspended between question and answer is not misled") {
  Ground ground;
  ground.measure(1ms, 1ms);
  ground.pass(1s);
  ground.measure(1ms, 1h);  // the answer was read an hour later
  CHECK(ground.clock.status().jumps == 0);
  CHECK(std::chrono::abs(ground.error()) <= ground.uncertainty());
  CHECK(ground.uncertainty() <= 1ms + drift_over(3602s));
  ground.measure(1ms, 1ms);
  CHECK(std::chrono::abs(ground.error()) <= 1ms);
}

TEST_CASE("what had been reached before the broker's clock was set back is kept, shown or not") {
  Ground ground;
  ground.measure(1ms, 1ms);
  ground.pass(10s);
  CHECK(ground.clock.set_back().times == 0);
  const auto reached = ground.broker;  // nobody has asked for the time since the beginning
  ground.broker -= BrokerClock::jump_min + 2ms;
  ground.measure(1ms, 1ms);
  CHECK(ground.clock.set_back().times == 1);
  CHECK(ground.clock.set_back().reached >= reached);
  CHECK(ground.clock.set_back().reached <= reached + 4ms);
  ground.broker += 1h;
  ground.measure(1ms, 1ms);
  CHECK(ground.clock.set_back().times == 1);  // ahead is no way back
}
