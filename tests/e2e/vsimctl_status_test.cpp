// Goal: one screen shows the state of the system, also when half of it is dead. Method: `vsimctl
// status` on a fleet at rest, with commands and letters that wait, and with a dead broker or
// Postgres.

#include <doctest/doctest.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::holds;
using harness::Fleet;
using harness::HttpClient;
using harness::Output;
using harness::random_uuid;

namespace {

/// Waits until the screen shows it: the numbers of a moment ago may still be on their way.
void check_shows(Fleet& fleet, const std::string& text) {
  Output last;
  const bool shown = harness::eventually([&] {
    last = fleet.vsimctl({"status"});
    return last.ending.clean() && holds(last, text);
  });
  CHECK_MESSAGE(shown, text << " is not in\n" << last.text);
}

}  // namespace

TEST_CASE("the screen shows queue, letters, projection, addresses and servers by state") {
  Fleet fleet;
  HttpClient client = fleet.client();
  create_server(client, {.profile = "instant"});
  create_server(client, {.profile = "instant"});
  create_server(client, {.profile = "seed"});
  REQUIRE(
      fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + random_uuid(), "nonsense"}).ending.clean());
  check_shows(fleet, "queue         0 commands");
  check_shows(fleet, "dead letters  1\n");
  check_shows(fleet, ", 0 behind\n");
  check_shows(fleet, "overdue       0 deadlines\n");
  check_shows(fleet, "time          20");
  check_shows(fleet, "REGION     ADDRESSES  FREE  PENDING  RUNNING  STOPPING  STOPPED");
  check_shows(fleet, "us-east-1        100    97        0        2         0        1");
}

TEST_CASE("a paused queue is seen, with what waits in it") {
  Fleet fleet;
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}).ending.clean());
  const std::string subject = "vsim.cmd.us-east-1." + random_uuid();
  REQUIRE(fleet.nats_cli({"pub", subject, "{{}}"}).ending.clean());
  check_shows(fleet, "queue         1 commands, the oldest waits for ");
  check_shows(fleet, "PAUSED until 20");
}

TEST_CASE("what is dead is shown as such, and the rest all the same") {
  Fleet fleet;
  check_shows(fleet, "us-east-1        100   100");
  fleet.postgres().kill();
  const Output without_postgres = fleet.vsimctl({"status"});
  INFO(without_postgres.text);
  CHECK(without_postgres.ending.code == 1);
  CHECK(holds(without_postgres, "Postgres      DOWN\n"));
  CHECK(holds(without_postgres, "queue         0 commands"));
  CHECK(holds(without_postgres, "vsimctl: Postgres does not answer"));
  fleet.postgres().restart();
  fleet.nats().kill();
  const Output without_nats = fleet.vsimctl({"status"});
  INFO(without_nats.text);
  CHECK(without_nats.ending.code == 1);
  CHECK(holds(without_nats, "NATS          DOWN\n"));
  CHECK(holds(without_nats, "us-east-1"));
  CHECK(holds(without_nats, "vsimctl: NATS at 127.0.0.1:"));
}
