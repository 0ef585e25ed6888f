// Goal: money is shown exactly where decimals can, and rounded half up at the tenth decimal where
// they cannot, at any size that the domain allows.
// Method: amounts at the borders of rounding and of 64 bits, with the text worked out by hand.

#include "schema/http/money_text.h"

#include <cstdint>

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

TEST_CASE("an hourly rate is exact, without zeros at its end") {
  CHECK(usd(HourlyRate{0}) == "0");
  CHECK(usd(HourlyRate{1}) == "0.0001");
  CHECK(usd(HourlyRate{100}) == "0.01");
  CHECK(usd(HourlyRate{400}) == "0.04");
  CHECK(usd(HourlyRate{10'000}) == "1");
  CHECK(usd(HourlyRate{1'000'001}) == "100.0001");
}

TEST_CASE("a cost is divided once, in integers") {
  CHECK(usd(Cost{0}) == "0");
  CHECK(usd(Cost{1}) == "0.0000000278");    // one second of the smallest rate
  CHECK(usd(Cost{100}) == "0.0000027778");  // one second of t2.micro
  CHECK(usd(Cost{100 * 3'600}) == "0.01");  // an hour of it
  CHECK(usd(Cost{36'000'000}) == "1");
  CHECK(usd(Cost{36'000'000 * 7 / 2}) == "3.5");
}

TEST_CASE("a cost just below a dollar keeps its pennies apart from the dollar") {
  CHECK(usd(Cost{35'999'999}) == "0.9999999722");
  CHECK(usd(Cost{2 * 36'000'000 - 1}) == "1.9999999722");
}

TEST_CASE("the greatest cost does not overflow") {
  CHECK(usd(Cost{INT64_MAX}) == "256204778801.5215501944");
}

TEST_CASE("a sum beyond 64 bits is shown like any cost") {
  const Int128 sum = Int128{INT64_MAX} * 1000;
  CHECK(to_text(sum) == "9223372036854775807000");
  CHECK(to_text(0) == "0");
  CHECK(usd_of_parts(usd_parts(sum)) == "256204778801521.5501944444");
}

}  // namespace
}  // namespace vsim::http
