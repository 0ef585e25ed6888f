// Goal: a bucket admits exactly its burst and rate, a token is given back where the API failed, and
// strangers cannot make the list of buckets exceed its limit.
// Method: time is an argument, so every moment is exact.

#include "api/admission/rate_limiter.h"

#include <string>

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Time = RateLimiter::Time;

const Time start{1h};
constexpr process::RateLimit ten_a_second{.per_second = 10, .burst = 3};

/// How many requests in a row are let in.
int let_in(RateLimiter& limiter, Time now, const std::string& bucket = "a") {
  int count = 0;
  while (limiter.take(bucket, now).allowed) {
    ++count;
  }
  return count;
}

TEST_CASE("a bucket gives its burst, and not one more") {
  RateLimiter limiter(ten_a_second);
  CHECK(limiter.take("a", start).remaining == 2);
  CHECK(limiter.take("a", start).remaining == 1);
  const auto last = limiter.take("a", start);
  CHECK(last.allowed);
  CHECK(last.remaining == 0);
  CHECK(last.full_in == 300ms);
  CHECK(last.allowed_in == 100ms);
  const auto refused = limiter.take("a", start);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.allowed_in == 100ms);
  CHECK(limiter.take("b", start).allowed);  // its own bucket
}

TEST_CASE("a token comes when it is said to, and not before") {
  RateLimiter limiter(ten_a_second);
  CHECK(let_in(limiter, start) == 3);
  CHECK_FALSE(limiter.take("a", start + 100ms - 1ns).allowed);
  CHECK(limiter.take("a", start + 100ms).allowed);
  CHECK_FALSE(limiter.take("a", start + 100ms).allowed);
}

TEST_CASE("refusals take nothing, and a pause gives the burst at most") {
  RateLimiter limiter(ten_a_second);
  CHECK(let_in(limiter, start) == 3);
  for (int i = 0; i < 1000; ++i) {
    limiter.take("a", start + 50ms);
  }
  CHECK(let_in(limiter, start + 100ms) == 1);
  CHECK(let_in(limiter, start + 1h) == 3);
}

TEST_CASE("over a long time a caller gets its rate, whatever the rhythm") {
  for (const auto pause : {1ms, 7ms, 99ms, 100ms, 101ms}) {
    CAPTURE(pause.count());
    RateLimiter limiter(ten_a_second);
    int count = 0;
    for (Time now = start; now < start + 100s; now += pause) {
      count += limiter.take("a", now).allowed ? 1 : 0;
    }
    CHECK(count <= 1003);
    CHECK(count >= (pause > 100ms ? 990 : 1000));
  }
}

TEST_CASE("what is given back can be taken again, once, and fills no bucket over its burst") {
  RateLimiter limiter(ten_a_second);
  CHECK(let_in(limiter, start) == 3);
  CHECK(limiter.give_back("a", start).remaining == 1);
  CHECK(let_in(limiter, start) == 1);
  limiter.give_back("a", start + 1h);
  limiter.give_back("nobody", start + 1h);
  CHECK(let_in(limiter, start + 1h) == 3);
  CHECK(let_in(limiter, start + 1h, "nobody") == 3);
}

TEST_CASE("full buckets are not kept") {
  RateLimiter limiter(ten_a_second);
  for (int i = 0; i < 100; ++i) {
    limiter.take("caller " + std::to_string(i), start);
  }
  CHECK(limiter.buckets() == 100);
  for (int i = 0; i < 100; ++i) {
    limiter.take("a", start + 1h);
  }
  CHECK(limiter.buckets() == 1);
}

TEST_CASE("as many buckets as allowed are kept; one past it, the longest silent starts afresh") {
  RateLimiter limiter(ten_a_second, 3);
  for (const char* caller : {"a", "b", "c"}) {
    CHECK(let_in(limiter, start, caller) == 3);
  }
  CHECK(limiter.buckets() == 3);
  CHECK_FALSE(limiter.take("a", start).allowed);  // now b is the longest silent
  limiter.take("d", start);
  CHECK(limiter.buckets() == 3);
  CHECK_FALSE(limiter.take("a", start).allowed);
  CHECK_FALSE(limiter.take("c", start).allowed);
  CHECK(let_in(limiter, start, "b") == 3);
}

}  // namespace
}  // namespace vsim::api
