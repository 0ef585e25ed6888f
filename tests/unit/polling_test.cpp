// Goal: a wait ends with what was looked for, at its deadline or at the stop, and has looked once
// at least. Method: looks that count themselves.

#include "api/polling.h"

#include <doctest/doctest.h>

using namespace vsim::api;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

bool never() { return false; }

int looks_until(Steady::time_point deadline, int wanted, const std::function<bool()>& stopping) {
  int looks = 0;
  return poll_until(
      deadline, stopping, Backoff(1us, 1ms), [&] { return ++looks; },
      [&](int seen) { return seen >= wanted; });
}

}  // namespace

TEST_CASE("a wait gives what it was waiting for") {
  CHECK(looks_until(Steady::now() + 1h, 4, never) == 4);
}

TEST_CASE("a wait looks once where its deadline has passed, and gives that") {
  CHECK(looks_until(Steady::now() - 1s, 4, never) == 1);
  CHECK(looks_until(Steady::now() + 20ms, 1'000'000, never) > 1);
}

TEST_CASE("the stop ends a wait") {
  int asked = 0;
  CHECK(looks_until(Steady::now() + 1h, 1'000'000, [&] { return ++asked == 3; }) == 3);
}

TEST_CASE("pauses double up to a maximum") {
  Backoff pauses(2ms, 5ms);
  CHECK(pauses.next() == 2ms);
  CHECK(pauses.next() == 4ms);
  CHECK(pauses.next() == 5ms);
  CHECK(pauses.next() == 5ms);
}
