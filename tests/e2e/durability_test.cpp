// Goal: /readyz and `vsimctl status` say what a power cut may take, as broker and Postgres work and
// not as they were chosen; and with `process` nothing acknowledged is lost by any kill.
// Method: both are restarted with other settings below a fleet that runs; then each part is killed
// right after an answer, without the second in which the broker would sync. The chaos tests run
// with `process` too (tests/CMakeLists.txt).

#include <doctest/doctest.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::Durability;
using harness::Fleet;
using harness::HttpClient;

namespace {

/// Waits until /readyz shows these facts.
void check_facts(Fleet& fleet, const std::string& durability, const std::string& log,
                 const std::string& read_models) {
  std::string last;
  const bool shown = harness::eventually([&] {
    const auto answer = fleet.client().get("/readyz");
    last = answer.body;
    const auto facts = answer.json()["facts"];
    return answer.status == 200 && facts["durability"].text() == durability &&
           facts["log_sync_interval"].text() == log &&
           facts["read_models_fsync"].text() == read_models;
  });
  CHECK_MESSAGE(shown, last);
}

void check_status(Fleet& fleet, const std::string& line) {
  const auto screen = fleet.vsimctl({"status"});
  CHECK(screen.ending.clean());
  CHECK_MESSAGE(e2e::holds(screen, "durability    " + line + "\n"), screen.text);
}

}  // namespace

TEST_CASE("what is said of durability is what broker and Postgres do, also after their restart") {
  Fleet fleet({.settings = {{"DURABILITY", "process"}}});  // what is chosen does not count
  fleet.nats().restart_with(Durability::power);
  fleet.postgres().restart_with_fsync(true);
  check_facts(fleet, "power", "always", "on");
  check_status(fleet, "power: the broker syncs before each acknowledgement, Postgres' fsync is on");

  fleet.nats().restart_with(Durability::process);
  check_facts(fleet, "process", "1s", "on");
  check_status(fleet, "process: the broker syncs every 1s, Postgres' fsync is on");

  fleet.postgres().restart_with_fsync(false);
  check_facts(fleet, "process", "1s", "off");
  fleet.nats().restart_with(Durability::power);
  check_facts(fleet, "process", "always", "off");
}

TEST_CASE("an API that cannot ask the monitor says what it was told, and marks it so") {
  Fleet fleet;
  fleet.postgres().restart_with_fsync(true);
  const std::string unknown = "unknown (NATS_MONITOR_URL tells)";
  const auto again = [&fleet](const std::string& chosen) {
    fleet.api().kill();
    fleet.start_api(0, {{"NATS_MONITOR_URL", ""}, {"DURABILITY", chosen}});
    fleet.wait_until_ready();
  };
  again("power");
  check_facts(fleet, "power (as told)", unknown, "on");
  again("");
  check_facts(fleet, "unknown", unknown, "on");
  again("power");
  fleet.postgres().restart_with_fsync(false);  // this much can be seen
  check_facts(fleet, "process", unknown, "off");
}

TEST_CASE("doctor finds nothing wrong with `process` where it was chosen, and warns elsewhere") {
  Fleet chosen({.settings = {{"DURABILITY", "process"}}});
  chosen.nats().restart_with(Durability::process);
  chosen.wait_until_ready();
  harness::Output well;
  const bool is_well = harness::eventually([&] {  // right after a restart the lag may show
    well = chosen.vsimctl({"doctor"});
    return well.ending.clean() && e2e::holds(well, "all is well");
  });
  CHECK_MESSAGE(is_well, well.text);
  CHECK(e2e::holds(well, "every 1s, as chosen"));
  CHECK(e2e::holds(well, "Postgres does not sync, as chosen"));

  Fleet by_default({.settings = {{"DURABILITY", "power"}}});
  const auto warned = by_default.vsimctl({"doctor"});
  CHECK(e2e::holds(warned, "Postgres does not sync: a power cut may damage the read models"));
}

TEST_CASE("with `process` each part may be killed right after an answer, which then still holds") {
  Fleet fleet({.settings = {{"DURABILITY", "process"}, {"PROFILE", "instant"}}});
  fleet.nats().restart_with(Durability::process);
  fleet.wait_until_ready();
  std::vector<std::string> ids;
  const auto create = [&] {
    HttpClient client = fleet.client();
    ids.push_back(create_server(client)["id"].text());
  };
  for (int round = 1; round <= 3; ++round) {
    CAPTURE(round);
    create();
    fleet.nats().kill();  // nothing was synced since: the kernel alone has it
    fleet.nats().restart();
    fleet.wait_until_ready();
    create();
    fleet.postgres().kill();
    fleet.postgres().restart();
    fleet.wait_until_ready();
    create();
    fleet.worker().kill();
    fleet.start_worker();
    fleet.wait_until_ready();
    create();
    fleet.api().kill();
    fleet.start_api();
    fleet.wait_until_ready();
    HttpClient client = fleet.client();
    for (const std::string& id : ids) {
      CHECK(get_server(client, id)["status"].text() == "RUNNING");
    }
  }
  // And all at once, with a command that is acknowledged and not decided yet.
  fleet.worker().kill();
  const auto accepted =
      fleet.client().post("/servers", harness::create_body(), {{"Prefer", "respond-async"}});
  REQUIRE(accepted.status == 202);
  fleet.nats().kill();
  fleet.api().kill();
  fleet.postgres().kill();
  fleet.postgres().restart();
  fleet.nats().restart();
  fleet.start_api();
  fleet.start_worker();
  fleet.wait_until_ready();
  const auto operation = fleet.client().get(accepted.header("Location"), {{"Prefer", "wait=30"}});
  CHECK_MESSAGE(operation.json()["status"].text() == "SUCCEEDED", operation.body);
  CHECK(fleet.client().get("/servers").json()["total"].integer() ==
        static_cast<std::int64_t>(ids.size() + 1));
  CHECK(fleet.vsimctl({"verify"}).ending.clean());
}
