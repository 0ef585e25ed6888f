// Goal: the progress lines of a long task are right, also at its beginning and end. Method: texts
// compared.

#include "ops/vsimctl/terminal/progress.h"

#include <doctest/doctest.h>

using namespace vsim::vsimctl;

TEST_CASE("progress tells share, rate and what is left") {
  CHECK(progress_text(250'000, 1'000'000, std::chrono::seconds(5)) ==
        " 25 % 250,000 of 1,000,000 events, 50,000/s, 15 s left");
  CHECK(progress_text(0, 0, std::chrono::seconds(0)) == "100 % 0 of 0 events, 0/s, 0 s left");
}

TEST_CASE("thousands are set apart") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(1234567) == "1,234,567");
}
