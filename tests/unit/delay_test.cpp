// Goal: a delay is the same wherever it is drawn, and within its bounds. Method: many servers.

#include <array>

#include <doctest/doctest.h>

#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;

namespace {

ServerId server(std::uint8_t n) {
  ServerId id = the_server;
  id.uuid.bytes[3] = n;
  return id;
}

}  // namespace

TEST_CASE("the same seed, server and version give the same delay; any other gives another") {
  const Delay delay = UniformDelay{Duration(0), Duration(1'000'000)};
  const auto drawn = Draw(1, server(1), 1).delay(delay);
  CHECK(Draw(1, server(1), 1).delay(delay) == drawn);
  CHECK(Draw(2, server(1), 1).delay(delay) != drawn);
  CHECK(Draw(1, server(2), 1).delay(delay) != drawn);
  CHECK(Draw(1, server(1), 2).delay(delay) != drawn);
}

TEST_CASE("a uniform delay reaches both of its bounds and nothing beyond") {
  const Delay delay = UniformDelay{Duration(2), Duration(4)};
  std::array<int, 7> seen{};
  for (std::uint8_t n = 0; n < 200; ++n) {
    ++seen.at(static_cast<std::size_t>(Draw(9, server(n), 1).delay(delay).count()));
  }
  CHECK(seen[2] > 0);
  CHECK(seen[3] > 0);
  CHECK(seen[4] > 0);
  CHECK(seen[2] + seen[3] + seen[4] == 200);
}

TEST_CASE("half of a lognormal delay's draws lie below its median, none above its longest") {
  const Delay delay = LognormalDelay{Duration(10'000), 0.5, Duration(20'000)};
  int below = 0;
  for (std::uint8_t n = 0; n < 250; ++n) {
    const auto drawn = Draw(3, server(n), 1).delay(delay);
    CHECK(drawn > Duration(0));
    CHECK(drawn <= Duration(20'000));
    below += drawn < Duration(10'000);
  }
  CHECK(below > 90);
  CHECK(below < 160);
}
