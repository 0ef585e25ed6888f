// Goal: what an operator changes with vsimctl is a command like any other: it has an outcome, an
// event and an actor, and the tool prints the outcome. Method: pool, clock and terminate against a
// fleet, and what the API then shows.

#include <chrono>
#include <future>

#include <doctest/doctest.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using e2e::holds;
using harness::Fleet;
using harness::HttpClient;
using harness::Json;
using harness::Output;
using harness::random_uuid;

namespace {

/// Of those cases that have each a server of its own.
Fleet& shared_fleet() {
  static Fleet shared;
  return shared;
}

Json last_log_entry(HttpClient& client, const std::string& id) {
  return client.get("/servers/" + id + "/logs?limit=1").json().at(0);
}

std::vector<std::string> force(const std::string& id, const std::string& reason = "stuck") {
  return {"terminate", id, "--force", "--reason", reason, "--yes"};
}

}  // namespace

TEST_CASE("a pool grows by a command, and a region that does not exist is refused") {
  Fleet fleet;
  CHECK(harness::eventually(
      [&] { return holds(fleet.vsimctl({"pool"}), "us-east-1        100   100"); }));
  CHECK(holds(expect(0, fleet.vsimctl({"pool", "add", "us-east-1", "10.9.0.0/29"})), "10.9.0.6"));
  expect(0, fleet.vsimctl({"pool", "add", "us-east-1", "10.9.1.1-10.9.1.4"}));
  expect(0, fleet.vsimctl({"pool", "add", "us-east-1", "10.9.1.1-10.9.1.4"}));  // no news
  CHECK(harness::eventually(
      [&] { return holds(fleet.vsimctl({"pool", "list"}), "us-east-1        110   110"); }));
  HttpClient client = fleet.client();
  const Json operation = client.get("/operations?limit=1").json()["items"].at(0);
  CHECK(operation["type"].text() == "extend_pool");
  CHECK(operation["actor"].text() == "vsimctl");
  CHECK(holds(expect(1, fleet.vsimctl({"pool", "add", "mars", "10.9.0.0/29"})), "no region mars"));
  for (const char* wrong : {"10.9.0.1/29", "10.9.0.5-10.9.0.1", "10.9.0.0", "x", "10.0.0.0/8"}) {
    CAPTURE(wrong);
    expect(2, fleet.vsimctl({"pool", "add", "us-east-1", wrong}));
  }
}

TEST_CASE("time is moved by a command, and shown") {
  Fleet fleet;
  CHECK(holds(expect(0, fleet.vsimctl({"clock"})), "scale              1\n"));
  expect(0, fleet.vsimctl({"clock", "advance", "30d"}));
  CHECK(holds(expect(0, fleet.vsimctl({"clock", "scale", "60"})), "scale              60\n"));
  HttpClient client = fleet.client();
  CHECK(harness::eventually([&] { return client.get("/clock").json()["scale"].integer() == 60; }));
  for (const char* wrong : {"30", "-1h", "x", "3651d"}) {
    CAPTURE(wrong);
    expect(2, fleet.vsimctl({"clock", "advance", wrong}));
  }
  for (const char* wrong : {"0", "-1", "x", "1000001", "nan"}) {
    CAPTURE(wrong);
    expect(2, fleet.vsimctl({"clock", "scale", wrong}));
  }
}

TEST_CASE("a server is terminated by force, with the operator's reason in its log") {
  Fleet& fleet = shared_fleet();
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(holds(expect(0, fleet.vsimctl(force(id, "stuck: see ticket 7"))), "TERMINATED"));
  const Json dead = wait_for_status(client, id, "TERMINATED");
  CHECK(dead["termination_reason"].text() == "forced");
  const Json entry = last_log_entry(client, id);
  CHECK(entry["event"].text() == "server_terminated");
  CHECK(entry["actor"].text() == "vsimctl");
  CHECK(entry["message"].text().find("stuck: see ticket 7") != std::string::npos);
}

TEST_CASE("a server in the middle of a transition is terminated by force") {
  // A simulated hour takes a thousand of ours, so no transition ends by itself.
  Fleet fleet({.settings = {{"TIME_SCALE", "0.001"}}});
  HttpClient client = fleet.client();
  const auto begun = [&](const std::string& profile) {
    return client.post("/servers", harness::create_body({.profile = profile})).json()["id"].text();
  };
  const std::string pending = begun("standard");
  CHECK(get_server(client, pending)["status"].text() == "PENDING");
  const std::string terminating = begun("standard");
  REQUIRE(act(client, terminating, "terminate").status == 200);
  CHECK(get_server(client, terminating)["status"].text() == "TERMINATING");
  for (const auto& id : {pending, terminating}) {
    expect(0, fleet.vsimctl(force(id)));
    const Json dead = wait_for_status(client, id, "TERMINATED");
    CHECK(dead["termination_reason"].text() == "forced");
    CHECK(dead["due_at"].is_null());
    CHECK(dead["accrued_seconds"].integer() == 0);
  }
}

TEST_CASE("a forced termination that cannot be is one line, and changes nothing") {
  Fleet& fleet = shared_fleet();
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(holds(expect(1, fleet.vsimctl(force(random_uuid()))), "there is no server"));
  CHECK(holds(expect(2, fleet.vsimctl(force("web-1"))), "is no server id"));
  expect(2, fleet.vsimctl({"terminate", id, "--force", "--yes"}));
  expect(2, fleet.vsimctl({"terminate", id, "--reason", "x", "--yes"}));
  expect(2, fleet.vsimctl(force(id, "")));
  expect(2, fleet.vsimctl(force(id, std::string(257, 'x'))));
  expect(2, fleet.vsimctl({"terminate", id, "--force", "--reason", "x"}));
  expect(0, fleet.vsimctl({"terminate", id, "--force", "--reason", "x", "--dry-run"}));
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(newest_version(client, id) == 1);
  expect(0, fleet.vsimctl(force(id)));
  CHECK(holds(expect(1, fleet.vsimctl(force(id))), "TERMINATED already"));
}

TEST_CASE("a forced termination waits for the command in hand, and not for ever") {
  Fleet& fleet = shared_fleet();
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string subject = "vsim.cmd.us-east-1." + id;
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}).ending.clean());
  REQUIRE(fleet.nats_cli({"pub", subject, R"({"type":"stop"})"}).ending.clean());
  CHECK(holds(expect(1, fleet.vsimctl(force(id))), "another command waits under " + subject));
  auto waiting = std::async(std::launch::async, [&] { return fleet.vsimctl(force(id)); });
  CHECK(waiting.wait_for(std::chrono::seconds(1)) == std::future_status::timeout);
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "-f"}).ending.clean());
  CHECK(holds(expect(0, waiting.get()), "TERMINATED"));
  CHECK(wait_for_status(client, id, "TERMINATED")["termination_reason"].text() == "forced");
}

TEST_CASE("the HTTP API offers no force") {
  Fleet& fleet = shared_fleet();
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "seed"})["id"].text();
  const auto answer = client.post("/servers/" + id + "/action",
                                  R"({"action":"terminate","force":true,"reason":"mine"})");
  CHECK_MESSAGE(answer.status == 400, answer.body);  // not a termination without force either
  CHECK(answer.body.find(R"(\"force\" is not known here)") != std::string::npos);
  wait_for_status(client, id, "STOPPED");  // where its profile has it end
}
