// Goal: a queue whose numbers cannot be relied on is recognised, and no other.
// Method: the numbers at each limit and one past it.

#include "domain/queue_numbers.h"

#include <limits>

#include <doctest/doctest.h>

using namespace vsim;

namespace {

bool says(const std::optional<std::string>& fault, const std::string& words) {
  return fault && fault->find(words) != std::string::npos &&
         fault->find("Queue numbers broken") != std::string::npos;
}

}  // namespace

TEST_CASE("a queue that was purged beyond its end is broken (issue 12, number 18)") {
  CHECK_FALSE(fault_of({0, 0, 0}));
  CHECK_FALSE(fault_of({queue_numbers_broken - 2, 0, 0}));  // the next gets the last good number
  CHECK(says(fault_of({queue_numbers_broken - 1, 0, 0}), "purged beyond its end"));
  for (const StreamSequence last : {StreamSequence{1} << 62, (StreamSequence{1} << 63) - 1,
                                    StreamSequence{1} << 63, ~StreamSequence{0}}) {
    CHECK(says(fault_of({last, 0, 0}), std::to_string(last)));
  }
}

TEST_CASE("a queue whose store was lost is broken (issue 12, number 23)") {
  CHECK_FALSE(fault_of({1000, 1000, 1000}));
  CHECK(says(fault_of({999, 0, 1000}), "below 1000"));
  CHECK(says(fault_of({0, 0, 1}), "below 1"));
}

TEST_CASE("a queue that ends before its consumer is broken") {
  CHECK_FALSE(fault_of({1000, 1000, 0}));
  CHECK(says(fault_of({999, 1000, 0}), "its consumer is at 1000"));
}

TEST_CASE("the limits leave a queue that begins at the time its two centuries") {
  constexpr StreamSequence microseconds_a_year = 31'557'600'000'000;
  CHECK(queue_numbers_high > microseconds_a_year * (2219 - 1970));
  CHECK(queue_numbers_high < queue_numbers_counted);
  CHECK(queue_numbers_counted < queue_numbers_broken);
  CHECK(queue_numbers_broken < queue_numbers_end);
  CHECK(queue_numbers_end < StreamSequence{1} << std::numeric_limits<double>::digits);
}
