// Goal: a queue whose numbers cannot be relied on is recognised, loses no command, and is sound
// again when it has been made anew.
// Method: the queue is purged beyond its end, or its store is taken away; then commands, probes,
// the doctor, and the cure of the runbook.

#include <cstdint>

#include <doctest/doctest.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using e2e::holds;
using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Json;
using harness::Output;

namespace {

// As ARCHITECTURE has them (D45): from where on a number makes none old, up to where a queue that
// is made anew begins above, where an operator is warned, and where nothing is carried out.
constexpr std::uint64_t high = (1ULL << 53) - (1ULL << 50);
constexpr std::uint64_t broken = high + (1ULL << 40);
constexpr std::uint64_t counted = broken - (1ULL << 30);
constexpr std::uint64_t end = broken + (1ULL << 40);
const harness::HttpHeaders at_once = {{"Prefer", "respond-async"}};

void purge_up_to(Fleet& fleet, std::uint64_t sequence) {
  const std::string body = "{\"seq\":" + std::to_string(sequence) + "}";
  const Output purged = fleet.nats_cli({"req", "$JS.API.STREAM.PURGE.COMMANDS", body, "--raw"});
  REQUIRE_MESSAGE(holds(purged, "\"success\":true"), purged.text);
}

bool says_broken(const harness::HttpAnswer& answer) {
  return answer.status == 503 && answer.body.find("queue are broken") != std::string::npos;
}

/// By API and worker, metric and doctor.
bool told_by_all(Fleet& fleet) {
  HttpClient api = fleet.client();
  HttpClient worker(fleet.worker_port());
  return eventually([&] {
    return says_broken(api.get("/readyz")) && says_broken(worker.get("/readyz")) &&
           fleet.worker_metric("vsim_queue_numbers_broken") == 1 &&
           holds(fleet.vsimctl({"doctor"}), "see ops/runbook.md: Queue numbers broken");
  });
}

/// As the runbook's entry has it.
void make_anew(Fleet& fleet) {
  REQUIRE(fleet.nats_cli_as("admin", {"stream", "rm", "COMMANDS", "-f"}).ending.clean());
  expect(0, fleet.vsimctl({"migrate"}));
  HttpClient api = fleet.client();
  REQUIRE(
      eventually([&] { return api.get("/operations?status=PENDING").json()["items"].size() == 0; },
                 std::chrono::seconds(30)));
  CHECK(fleet.vsimctl({"journal", "replay", "--purged", "--yes"}).ending.clean());
  fleet.wait_until_ready();
  CHECK(eventually([&] { return fleet.worker_metric("vsim_queue_numbers_broken") == 0; }));
}

std::string operation_of(const harness::HttpAnswer& accepted) {
  REQUIRE_MESSAGE(accepted.status == 202, harness::describe(accepted));
  return accepted.header("Location");
}

}  // namespace

TEST_CASE("a queue purged beyond its end is reported, and cured by another (issue 12, number 18)") {
  Fleet fleet;
  HttpClient api = fleet.client();
  const std::string old = create_server(api, {.profile = "instant"})["id"].text();
  std::uint64_t typed = 0;
  SUBCASE("by a number in no signed 64 bits") { typed = 9'223'372'036'854'775'809U; }
  SUBCASE("by the last signed number") { typed = 9'223'372'036'854'775'807U; }
  SUBCASE("by one that the broker still hands out") { typed = 1'000'000'000'000'000'000U; }
  CAPTURE(typed);
  purge_up_to(fleet, typed);
  const auto accepted = api.post("/servers", harness::create_body({.profile = "instant"}), at_once);
  const std::string operation = operation_of(accepted);
  const std::string body = accepted.body;
  const std::string id = body.substr(body.find("\"server_id\":\"") + 13, 36);
  const auto stop = act(api, old, "stop", at_once);
  REQUIRE(stop.status == 202);
  CHECK(accepted.header("Vsim-Sequence") == "COMMANDS:" + std::to_string(typed));
  CHECK(told_by_all(fleet));
  REQUIRE(eventually([&] { return api.get(operation).status == 200; }));
  // Not carried out; what the broker itself has lost, beyond 2^63, is found gone by the janitor.
  const std::string shown = api.get(operation).body;  // a number that no reader of ours takes
  const auto is = [&](const std::string& status) {
    return shown.find("\"status\":\"" + status + "\"") != std::string::npos;
  };
  CHECK((is("PENDING") || (typed >= 1ULL << 62 && is("PURGED"))));
  CHECK(shown.find("\"command_sequence\":" + std::to_string(typed)) != std::string::npos);
  CHECK(api.get("/servers?limit=1").json()["total"].integer() == 1);

  make_anew(fleet);
  wait_for_status(api, id, "RUNNING");
  wait_for_status(api, old, "STOPPED");
  // Both can be managed as before.
  CHECK(act(api, id, "stop").status == 200);
  CHECK(act(api, old, "start").status == 200);
  expect(0, fleet.vsimctl({"verify"}));
}

TEST_CASE("numbers count as broken from their limit on, and are carried out for a while longer") {
  Fleet fleet;
  HttpClient api = fleet.client();
  const auto at = [&](std::uint64_t number) {
    purge_up_to(fleet, number);
    return create_server(api, {.profile = "instant"})["id"].text();
  };
  at(broken - 2);
  CHECK(api.get("/readyz").status == 200);
  const std::string last_good = at(broken - 1);
  CHECK(told_by_all(fleet));
  const std::string last = at(end - 1);
  const auto beyond = act(api, last_good, "stop", at_once);  // gets the number `end`
  const std::string operation = operation_of(beyond);
  REQUIRE(eventually([&] { return api.get(operation).status == 200; }));
  CHECK(api.get(operation).json()["status"].text() == "PENDING");

  make_anew(fleet);
  wait_for_status(api, last_good, "STOPPED");
  CHECK(act(api, last, "stop").status == 200);
  CHECK(act(api, last, "start").status == 200);
  expect(0, fleet.vsimctl({"verify"}));
}

TEST_CASE("a queue made anew begins above all numbers that leave it room (issue 20, D.18)") {
  Fleet fleet;
  HttpClient api = fleet.client();
  std::uint64_t purged_to = high + 1;
  SUBCASE("the lowest of the high ones") { purged_to = high; }
  SUBCASE("the last") { purged_to = counted - 1; }
  purge_up_to(fleet, purged_to);
  const std::string id = create_server(api, {.profile = "instant"})["id"].text();
  CHECK(api.get("/readyz").status == 200);
  REQUIRE(fleet.nats_cli_as("admin", {"stream", "rm", "COMMANDS", "-f"}).ending.clean());
  expect(0, fleet.vsimctl({"migrate"}));
  fleet.wait_until_ready();
  const auto stopped = act(api, id, "stop");
  REQUIRE_MESSAGE(stopped.status == 200, harness::describe(stopped));
  const Json newest = api.get("/operations?limit=1").json()["items"].at(0);
  CHECK(newest["type"].text() == "stop");
  CHECK(newest["command_sequence"].integer() == static_cast<std::int64_t>(purged_to + 1));
  expect(0, fleet.vsimctl({"verify"}));
}

TEST_CASE("a queue whose store was lost makes no new command look old (issue 12, number 23)") {
  Fleet fleet;
  HttpClient api = fleet.client();
  const std::string id = create_server(api, {.profile = "instant"})["id"].text();
  for (const char* action : {"stop", "start", "reboot"}) {
    REQUIRE(act(api, id, action).status == 200);
  }
  const auto events = api.get("/servers/" + id + "/logs").json().size();
  fleet.nats().restart_without_messages_of("COMMANDS");
  harness::HttpAnswer accepted;
  REQUIRE(eventually([&] {
    accepted = act(api, id, "stop", at_once);
    return accepted.status == 202;
  }));
  CHECK(accepted.header("Vsim-Sequence") == "COMMANDS:1");
  CHECK(told_by_all(fleet));
  // The worker has met it, and neither dropped it nor decided it.
  REQUIRE(eventually([&] {
    const Output facts = fleet.nats_cli({"consumer", "info", "COMMANDS", "commands", "--json"});
    return Json::parse(facts.text)["num_ack_pending"].integer() == 1;
  }));
  CHECK(api.get("/servers/" + id + "/logs").json().size() == events);

  make_anew(fleet);
  wait_for_status(api, id, "STOPPED");
  CHECK(act(api, id, "start").status == 200);
  expect(0, fleet.vsimctl({"verify"}));
}
