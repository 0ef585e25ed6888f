// Goal (issue 16, 3): a warm pool that cannot be filled is tried less and less often, once a minute
// at last, however it fails, and again at full speed once its servers stay.

#include "workers/patience.h"

#include <doctest/doctest.h>

using vsim::workers::Patience;
using Standing = Patience::Standing;
using namespace std::chrono_literals;

namespace {

const Patience::Time start{};

/// Asks for one more as soon as it may, which is then refused. Gives how long it waited.
std::chrono::milliseconds next_try(Patience& patience, Patience::Time& now, std::uint64_t number) {
  const auto began = now;
  while (patience.allowed(20, now) == 0) {
    now += 100ms;
  }
  CHECK(patience.allowed(20, now) == 1);
  patience.asked(1, now);
  const auto waited = now - began;
  now += 500ms;  // until it is looked for
  patience.went_wrong(number, number, now);
  return std::chrono::duration_cast<std::chrono::milliseconds>(waited);
}

}  // namespace

TEST_CASE("each refusal doubles the pause, up to a minute") {
  Patience patience;
  CHECK(patience.allowed(20, start) == 20);
  patience.asked(20, start);
  auto now = start + 500ms;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    patience.went_wrong(number, 20, now);  // on their way together
  }
  std::uint64_t number = 20;
  for (const auto seconds : {1, 2, 4, 8, 16, 32, 60, 60}) {
    CHECK(next_try(patience, now, ++number) == std::chrono::seconds(seconds));
  }
}

TEST_CASE("servers that are lost soon after they run end no pause") {
  Patience patience;
  patience.went_wrong(1, 1, start);
  auto now = start + 1s;
  for (std::uint64_t number = 2; number < 9; ++number) {
    patience.came_to_run(number, now);
    patience.judge(Standing::ready, now);
    patience.judge(Standing::gone, now + 10ms);
    patience.went_wrong(number, number, now + 10ms);
    now += 60s;
  }
  CHECK(patience.allowed(20, now - 1s) == 0);
  CHECK(patience.allowed(20, now + 1s) == 1);
}

TEST_CASE("a server that stays ready, or is had, ends the pause") {
  Patience patience;
  patience.came_to_run(1, start);
  CHECK_FALSE(patience.on_trial());  // there is no pause
  patience.went_wrong(2, 2, start);
  patience.came_to_run(3, start + 1s);
  REQUIRE(patience.on_trial() == 3);
  patience.judge(Standing::ready, start + 1900ms);
  CHECK(patience.is_paused());
  patience.judge(Standing::ready, start + 2s);
  CHECK_FALSE(patience.is_paused());
  CHECK(patience.allowed(20, start + 2s) == 20);
  patience.went_wrong(2, 3, start + 3s);  // of before
  CHECK_FALSE(patience.is_paused());
  patience.went_wrong(4, 9, start + 3s);
  patience.came_to_run(5, start + 3s);
  patience.judge(Standing::taken, start + 3s);
  CHECK_FALSE(patience.is_paused());
}

TEST_CASE("after long pauses five seconds are proof enough") {
  Patience patience;
  for (std::uint64_t number = 1; number < 10; ++number) {
    patience.went_wrong(number, number, start);
  }
  patience.came_to_run(10, start);
  patience.judge(Standing::ready, start + 5s);
  CHECK_FALSE(patience.is_paused());
}
