// Goal: simulated time runs as the last clock event says. Method: a clock at several scales.

#include <doctest/doctest.h>

#include "domain/simulated_time.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace std::chrono_literals;

namespace {

const WallTime stored_at{std::chrono::hours(400'000)};

SimulatedTime clock(double scale) { return {at(0), stored_at, scale, 7}; }

}  // namespace

TEST_CASE("time runs scale times as fast as the wall's, and stands still before the event") {
  CHECK(simulated_at(clock(1), stored_at + 5s) == at(5));
  CHECK(simulated_at(clock(3600), stored_at + 5s) == at(5 * 3600));
  CHECK(simulated_at(clock(0.5), stored_at + 5s) == at(2) + Duration(500));
  CHECK(simulated_at(clock(1), stored_at - 5s) == at(0));
}

TEST_CASE("a month at the highest scale is exact to the millisecond") {
  CHECK(simulated_at(clock(1'000'000), stored_at + 2592ms) == at(30 * 86'400));
}

TEST_CASE("waiting for a deadline ends at it, not before") {
  for (const double scale : {0.5, 1.0, 7.0, 1000.0, 1'000'000.0}) {
    CAPTURE(scale);
    const auto due = at(60);
    const auto wait = wall_until(clock(scale), stored_at, due);
    CHECK(simulated_at(clock(scale), stored_at + wait) >= due);
    CHECK(simulated_at(clock(scale), stored_at + wait - 1ms) < due);
  }
  CHECK(wall_until(clock(1), stored_at + 90s, at(60)) == 0ns);
}

TEST_CASE("a deadline is overdue 5 s of the wall's after it, and none is right after a change") {
  CHECK_FALSE(overdue_until(clock(1), stored_at + overdue_grace - 1ns));
  CHECK(overdue_until(clock(1), stored_at + overdue_grace) == at(0));
  CHECK(overdue_until(clock(60), stored_at + 6s) == at(60));
  CHECK(overdue_until(clock(0.5), stored_at + 7s) == at(1));
}

TEST_CASE("a setting that differs from the log's clock is reported, one that agrees is not") {
  CHECK_FALSE(contradiction(clock(2), std::nullopt, std::nullopt));
  CHECK_FALSE(contradiction(clock(2), 2.0, 7));
  CHECK(contradiction(clock(2), 1.0, 7) ==
        "TIME_SCALE is 1, the log's clock runs at 2: unset it, or reset the data");
  CHECK(contradiction(clock(2), 2.0, 8) ==
        "SIM_SEED is 8, the log's is 7: unset it, or reset the data");
}
