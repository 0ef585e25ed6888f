// Goal: what vsim-bench asks for is what it says that it measures (issue 20, point 11).
// Method: the workloads are asked for requests as the load generator does.

#include <doctest/doctest.h>

#include "tests/benchmark/workloads.h"

using vsim::bench::ActionForEach;

TEST_CASE("vsim-bench stops no server twice, however far its clients get in the time they have") {
  std::vector<std::string> servers = {"a", "b", "c", "d", "e"};
  std::string bytes;
  {
    ActionForEach stops("stop", servers, 3);
    REQUIRE(stops.next(0, bytes));
    CHECK(bytes.find("/servers/e/action") != std::string::npos);
    REQUIRE(stops.next(1, bytes));
    CHECK(bytes.find("/servers/d/action") != std::string::npos);
  }  // the time is up before the third
  CHECK(servers == std::vector<std::string>{"a", "b", "c"});
  ActionForEach stops("stop", servers, 2);
  REQUIRE(stops.next(0, bytes));
  CHECK(bytes.find("/servers/c/action") != std::string::npos);
  REQUIRE(stops.next(0, bytes));
  CHECK_FALSE(stops.next(0, bytes));  // as many as were allowed
  CHECK(servers == std::vector<std::string>{"a"});
  ActionForEach too_many("stop", servers, 2);
  REQUIRE(too_many.next(0, bytes));
  CHECK_FALSE(too_many.next(0, bytes));
}
