// Goal: vsimctl doctor finds what is wrong, names the runbook's entry for it, and says so with its
// exit status; with half of the system dead it still reports on the other half. Method: a healthy
// system, then one trouble after another, each planted with stock tools and taken away again.

#include <doctest/doctest.h>
#include <signal.h>

#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Output;

namespace {

constexpr auto patience = std::chrono::seconds(60);

/// The first report that has the finding, with the entry that its line names; else the last one.
Output report_with(Fleet& fleet, const std::string& finding, const std::string& entry) {
  Output report;
  eventually(
      [&] {
        report = fleet.vsimctl({"doctor"});
        const auto at = report.text.find(finding);
        return at != std::string::npos &&
               report.text.find("see ops/runbook.md: " + entry + "\n", at) != std::string::npos;
      },
      patience);
  return report;
}

bool names(const Output& report, const std::string& entry) {
  return report.text.find("see ops/runbook.md: " + entry + "\n") != std::string::npos;
}

/// Whether the doctor finds it, with exit status 1 where it is bad, and 0 where it warns.
void check_found(Fleet& fleet, const std::string& verdict, const std::string& finding,
                 const std::string& entry) {
  CAPTURE(entry);
  const Output report = report_with(fleet, finding, entry);
  CAPTURE(report.text);
  CHECK(report.text.find(finding) != std::string::npos);
  CHECK(names(report, entry));
  CHECK(("\n" + report.text).find("\n" + verdict) != std::string::npos);
  if (verdict == "bad") {
    CHECK(report.ending.code == 1);
  }
}

bool finds_all_well(Fleet& fleet) {
  Output report;
  const bool well = eventually(
      [&] {
        report = fleet.vsimctl({"doctor"});
        return report.ending.clean() && report.text.find("\nall is well") != std::string::npos;
      },
      patience);
  if (!well) {
    MESSAGE(report.text);
  }
  return well;
}

void restart_worker(Fleet& fleet, const std::string& roles) {
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", roles}});
  fleet.wait_until_ready();
}

constexpr auto every_role = "commands,timekeeper,billing,projector,janitor";

}  // namespace

TEST_CASE("the doctor finds a healthy system well, and troubles of the queue by name") {
  Fleet fleet;
  CHECK(finds_all_well(fleet));
  harness::extend_pool(fleet.client(), "10.20.0.0/24");  // so that half of it stays free
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "--force"})
              .ending.clean());
  HttpClient client = fleet.client();
  for (int i = 0; i < 101; ++i) {
    const auto accepted = client.post("/servers", harness::create_body({.profile = "instant"}),
                                      {{"Prefer", "respond-async"}});
    REQUIRE_MESSAGE(accepted.status == 202, harness::describe(accepted));
  }
  check_found(fleet, "warning", "is paused until", "Pause and resume the workers");
  check_found(fleet, "bad", "101 commands", "Queue depth growing");
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "--force"}).ending.clean());
  CHECK(finds_all_well(fleet));

  REQUIRE(fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + harness::random_uuid(), "no command"})
              .ending.clean());
  check_found(fleet, "warning", "dead letters    1 stored", "Dead letters");
  CHECK(fleet.vsimctl({"doctor"}).ending.code == 0);
  REQUIRE(fleet.nats_cli({"stream", "purge", "DEAD_LETTERS", "--force"}).ending.clean());

  fleet.worker().terminate();
  check_found(fleet, "bad", "none takes commands", "Workers down");
  fleet.start_worker();
  CHECK(finds_all_well(fleet));

  REQUIRE(fleet.nats_cli_as("admin", {"stream", "edit", "DEAD_LETTERS", "--max-msgs=7", "--force"})
              .ending.clean());
  check_found(fleet, "warning", "DEAD_LETTERS max_msgs", "Rolling upgrade");
  REQUIRE(fleet.vsimctl({"migrate"}).ending.clean());
  CHECK(finds_all_well(fleet));
}

TEST_CASE("the doctor finds troubles of the fleet by name") {
  Fleet fleet({.settings = {{"IDLE_TIMEOUT", "1s"}}});
  restart_worker(fleet, "commands,projector");
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, id, "stop").status == 200);
  create_server(client, {.profile = "standard"});
  check_found(fleet, "bad", "2 overdue", "Stuck in a transition");
  check_found(fleet, "bad", "1 past their timeout", "Idle servers not reaped");
  restart_worker(fleet, "commands,projector,timekeeper");
  REQUIRE(client.post("/clock", R"({"advance_seconds":3600})").status == 200);
  check_found(fleet, "bad", "us-east-1: billed up to 60 min", "Billing not advancing");
  restart_worker(fleet, every_role);
  CHECK(finds_all_well(fleet));

  restart_worker(fleet, "commands");
  for (int i = 0; i < 81; ++i) {
    client.post("/servers", harness::create_body({.profile = "instant"}),
                {{"Prefer", "respond-async"}});
  }
  check_found(fleet, "warning", "events behind", "Projection lag");
  restart_worker(fleet, every_role);
  check_found(fleet, "bad", "us-east-1: 18 of 100", "No free addresses");
}

TEST_CASE("the doctor finds a log that went backwards, and an event that nobody knows") {
  Fleet fleet;
  HttpClient client = fleet.client();
  create_server(client, {.profile = "instant"});
  REQUIRE(fleet
              .nats_cli_as("admin", {"pub", "vsim.evt.server.us-east-1." + harness::random_uuid(),
                                     R"({"type":"server_painted"})"})
              .ending.clean());
  check_found(fleet, "bad", "the projector stops there", "Projector stopped at an unknown event");
  harness::query(fleet.database_url(),
                 "UPDATE vsim.projection_checkpoint SET hash = 'other' WHERE stream = 'EVENTS'");
  check_found(fleet, "bad", "the log went backwards", "The log went backwards");
}

TEST_CASE("with NATS or Postgres dead the doctor reports on the other, and never hangs") {
  Fleet fleet;
  fleet.nats().kill();
  check_found(fleet, "bad", "NATS at 127.0.0.1", "NATS down");
  Output report = fleet.vsimctl({"doctor"});
  CHECK(report.text.find("Postgres        answers") != std::string::npos);
  CHECK(report.text.find("us-east-1: 100 of 100") != std::string::npos);
  fleet.nats().restart();
  CHECK(finds_all_well(fleet));

  fleet.postgres().kill();
  check_found(fleet, "bad", "Postgres does not answer", "Postgres down");
  report = fleet.vsimctl({"doctor"});
  CHECK(report.text.find("nats-server 2.") != std::string::npos);
  CHECK(report.text.find("0 commands") != std::string::npos);
  fleet.postgres().restart();
  CHECK(finds_all_well(fleet));

  fleet.worker().terminate();  // its projector would make the tables again
  harness::query(fleet.database_url(), "DROP SCHEMA vsim CASCADE");
  check_found(fleet, "bad", "has no tables of vsim", "Postgres lost");
}

TEST_CASE("the doctor tells that the API is not ready and why, or that it does not answer") {
  Fleet fleet;
  const auto report = [&fleet] {
    return fleet.vsimctl(
        {"doctor", "--api-url", "http://127.0.0.1:" + std::to_string(fleet.api_port())});
  };
  const auto told = [&report](const std::string& what) {
    return eventually([&] { return report().text.find(what) != std::string::npos; }, patience);
  };
  CHECK(told("ok       API             ready at http://127.0.0.1:"));
  CHECK(fleet.vsimctl({"doctor"}).text.find("API             not asked; set API_URL") !=
        std::string::npos);
  const auto port = ":" + std::to_string(fleet.api_port());  // as HTTP_ADDR may have it
  CHECK(fleet.vsimctl({"doctor", "--http-addr", port}).text.find("ready at http://127.0.0.1:") !=
        std::string::npos);
  fleet.worker().terminate();
  CHECK(told(": no worker takes commands; start one"));
  CHECK(report().text.find("bad      API             not ready at http") != std::string::npos);
  fleet.api().signal(SIGSTOP);
  CHECK(told("gave no whole answer"));
  fleet.api().kill();
  const Output dead = report();
  CHECK(dead.ending.code == 1);
  CHECK(dead.text.find("bad      API             the API does not answer at") != std::string::npos);
  CHECK(names(dead, "HTTP errors or slow answers"));
}

TEST_CASE("with Postgres frozen the doctor still hears of the clocks") {
  Fleet fleet;
  const harness::FrozenPostgres frozen(fleet.postgres());
  const Output report = fleet.vsimctl({"doctor"});
  CAPTURE(report.text);
  CHECK(report.text.find("no process tells of its clock") == std::string::npos);
  CHECK(report.text.find("vsim-worker ") != std::string::npos);
  CHECK(report.text.find("vsim-api ") != std::string::npos);
}

TEST_CASE("where the broker forbids reports of clocks the doctor says so, and not that none runs") {
  Fleet fleet;
  SUBCASE("to vsimctl") {
    fleet.nats().restart_configured("\"vsim.report.>\"", "\"vsim.other.>\"");
    check_found(fleet, "warning", "the broker forbids vsimctl to hear them", "Rolling upgrade");
  }
  SUBCASE("to the processes") {
    fleet.nats().restart_configured("\"vsim.report.clock\"", "\"vsim.other.clock\"");
    check_found(fleet, "warning", "the broker forbids them to tell", "Rolling upgrade");
  }
}

TEST_CASE("the entries that the doctor names are in the runbook") {
  const auto runbook = harness::read_file(harness::source_dir() + "/ops/runbook.md");
  for (const std::string entry : {"Queue depth growing",
                                  "One server stuck",
                                  "A poison command",
                                  "Pause and resume the workers",
                                  "Dead letters",
                                  "Workers down",
                                  "NATS down",
                                  "Postgres down",
                                  "Postgres lost",
                                  "Projection lag",
                                  "Projector stopped at an unknown event",
                                  "The log went backwards",
                                  "After a power cut",
                                  "No free addresses",
                                  "Billing not advancing",
                                  "Idle servers not reaped",
                                  "Stuck in a transition",
                                  "Disk filling",
                                  "HTTP errors or slow answers",
                                  "Backup and restore",
                                  "Rolling upgrade",
                                  "Security breach"}) {
    CHECK_MESSAGE(runbook.find("\n## " + entry + "\n") != std::string::npos, entry);
  }
}
