// Goal: a command typed with the stock nats CLI is a first-class command.
// Method: publish with `nats pub`, look at GET, logs and operations.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::Json;

namespace {

std::vector<Json> log_of(harness::HttpClient& client, const std::string& id) {
  return client.get("/servers/" + id + "/logs").json().elements();
}

}  // namespace

TEST_CASE("commands published by hand are carried out and logged with actor nats") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client)["id"].text();
  const std::string subject = "vsim.cmd.us-east-1." + id;
  wait_for_status(client, id, "RUNNING");

  SUBCASE("a stop stops the server") {
    const harness::Output pub = fleet.nats_cli({"pub", subject, R"({"type":"stop"})"});
    REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
    wait_for_status(client, id, "STOPPED");
    const std::vector<Json> log = log_of(client, id);
    REQUIRE(log.size() == 4);
    CHECK(log[1]["event"].text() == "server_stopping");
    CHECK(log[1]["actor"].text() == "nats");
    const std::string operation = log[1]["operation_id"].text();
    CHECK(client.get("/operations/" + operation).json()["status"].text() == "SUCCEEDED");
  }

  SUBCASE("what the state does not allow is rejected, visibly, and changes nothing") {
    REQUIRE(fleet.nats_cli({"pub", subject, R"({"type":"start"})"}).ending.clean());
    REQUIRE(harness::eventually([&] { return log_of(client, id).size() == 3; }));
    const Json entry = log_of(client, id).front();
    CHECK(entry["event"].text() == "command_rejected");
    const Json operation = client.get("/operations/" + entry["operation_id"].text()).json();
    CHECK(operation["status"].text() == "REJECTED");
    CHECK(operation["code"].text() == "invalid_transition");
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
  }

  SUBCASE("the same command id twice has one outcome") {
    const std::string command = harness::random_uuid();
    for (int time = 0; time < 2; ++time) {
      REQUIRE(
          fleet.nats_cli({"pub", subject, R"({"type":"stop"})", "-H", "Vsim-Command-Id:" + command})
              .ending.clean());
      wait_for_status(client, id, "STOPPED");
    }
    // A later command shows that the second copy has been dealt with.
    CHECK(harness::eventually([&] { return act(client, id, "start").status == 200; }));
    std::size_t outcomes = 0;
    for (const Json& entry : log_of(client, id)) {
      outcomes += !entry["operation_id"].is_null() && entry["operation_id"].text() == command;
    }
    CHECK(outcomes == 1);
  }

  SUBCASE("a create by hand makes a server under the id of its subject") {
    const std::string other = harness::random_uuid();
    REQUIRE(fleet
                .nats_cli({"pub", "vsim.cmd.eu-west-1." + other,
                           R"({"type":"create","name":"by-hand","instance_type":"t2.micro"})"})
                .ending.clean());
    REQUIRE(harness::eventually([&] { return client.get("/servers/" + other).status == 200; }));
    const Json server = wait_for_status(client, other, "RUNNING");
    CHECK(server["name"].text() == "by-hand");
    CHECK(server["ip"].text().find("192.168.20.") == 0);
  }
}
