// Goal: a process's report of its clock is read as it was written, and no other text is taken for
// one. Method: a round trip, and texts that are no reports.

#include "schema/messages/clock_report.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vsim::messages::ClockReport;
using vsim::messages::encode;
using vsim::messages::read_clock_report;

TEST_CASE("a report of a clock is read as it was written") {
  const ClockReport report{"vsim-api", "host \"1\"", 7, -30'000'120us, 300us};
  CHECK(encode(report) ==
        R"({"process":"vsim-api","host":"host \"1\"","pid":7,"offset_us":-30000120,)"
        R"("uncertainty_us":300})");
  CHECK(read_clock_report(encode(report)) == report);
}

TEST_CASE("a report may hold more than this build knows, and nothing less") {
  CHECK(read_clock_report(
      R"({"process":"p","host":"h","pid":7,"offset_us":1,"uncertainty_us":2,"more":3})"));
  for (const auto* wrong :
       {"", "7", "{}", R"({"process":"p","host":"h","pid":7,"offset_us":1})",
        R"({"process":"p","host":"h","pid":-7,"offset_us":1,"uncertainty_us":2})",
        R"({"process":"p","host":"h","pid":7,"offset_us":"1","uncertainty_us":2})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_clock_report(wrong));
  }
}
