// Goal: a message by hand that is no command never stops a worker and is never tried for ever.
// Method: publish poison to vsim.cmd.>, with two workers; then the queue must be empty, the metric
// must have counted each, the workers must be the same processes and do a command at once.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::random_uuid;

namespace {

std::int64_t stored_in(harness::Fleet& fleet, const std::string& stream) {
  const harness::Output info = fleet.nats_cli({"stream", "info", stream, "--json"});
  return harness::Json::parse(info.text)["state"]["messages"].integer();
}

}  // namespace

TEST_CASE("poison leaves the queue, is counted and kept, and the workers go on") {
  harness::Fleet fleet({.workers = 2});
  const pid_t first = fleet.worker(0).pid();
  const std::string server = "vsim.cmd.us-east-1.";
  struct Poison {
    std::string subject;
    std::string payload;
    std::vector<std::string> headers = {};
  };
  const std::vector<Poison> messages = {
      {server + random_uuid(), "stop it, please"},
      {server + random_uuid(), "{"},
      {server + random_uuid(), "null"},
      {server + random_uuid(), "[]"},
      {server + random_uuid(), "{}"},
      {server + random_uuid(), R"({"type":7})"},
      {server + random_uuid(), R"({"type":"explode"})"},
      {server + random_uuid(), R"({"type":"create"})"},
      {server + random_uuid(), R"({"type":"create","name":"","instance_type":"t2.micro"})"},
      {server + random_uuid(), std::string(60 * 1024, '\0')},
      {server + random_uuid(), std::string(60 * 1024, '[')},
      {server + random_uuid(), std::string("{\"type\":\"st\xff\xfe\"}")},
      {server + "not-a-uuid", R"({"type":"stop"})"},
      {"vsim.cmd.US_EAST!." + random_uuid(), R"({"type":"stop"})"},
      {"vsim.cmd.us-east-1._pool", R"({"type":"drain"})"},
      {"vsim.cmd.us-east-1._other", R"({"type":"stop"})"},
      {"vsim.cmd._sim.clock", "tick"},
      {server + random_uuid(), R"({"type":"stop"})", {"-H", "Vsim-Command-Id:17"}},
  };
  for (const Poison& poison : messages) {
    std::vector<std::string> arguments = {"pub", poison.subject, "--force-stdin"};
    arguments.insert(arguments.end(), poison.headers.begin(), poison.headers.end());
    const harness::Output pub = fleet.nats_cli(arguments, poison.payload);
    REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
  }
  REQUIRE(fleet.nats_cli({"pub", server + random_uuid(), R"({{""}})"}).ending.clean());  // no byte
  CHECK(harness::eventually([&] { return stored_in(fleet, "COMMANDS") == 0; }));
  const auto expected = static_cast<std::int64_t>(messages.size() + 1);
  CHECK(harness::eventually([&] {
    return fleet.worker_metric("vsim_dead_letters_total") == static_cast<double>(expected);
  }));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == expected);
  CHECK(fleet.worker(0).running());
  CHECK(fleet.worker(1).running());
  CHECK(fleet.worker(0).pid() == first);

  harness::HttpClient client = fleet.client();
  CHECK(create_server(client, {.profile = "instant"})["status"].text() == "RUNNING");
  fleet.wait_until_ready();
}

TEST_CASE("a well-formed command for a server that does not exist is rejected, not poison") {
  harness::Fleet fleet;
  const std::string id = random_uuid();
  REQUIRE(fleet.nats_cli({"pub", "vsim.cmd.us-east-1." + id, R"({"type":"stop"})"}).ending.clean());
  CHECK(harness::eventually([&] { return stored_in(fleet, "COMMANDS") == 0; }));
  CHECK(fleet.worker_metric("vsim_dead_letters_total") == 0);
  harness::HttpClient client = fleet.client();
  CHECK(client.get("/servers/" + id).status == 404);
  CHECK(harness::eventually([&] {
    const harness::Json page = client.get("/operations?limit=1").json();
    return page["items"].size() == 1 && page["items"].at(0)["status"].text() == "REJECTED" &&
           page["items"].at(0)["server_id"].text() == id;
  }));
}

TEST_CASE("the broker refuses a message of 1 MiB") {
  harness::Fleet fleet;
  const std::string subject = "vsim.cmd.us-east-1." + random_uuid();
  const harness::Output pub =
      fleet.nats_cli({"pub", subject, "--force-stdin"}, std::string(1024 * 1024, '\0'));
  INFO(pub.text);
  CHECK_FALSE(pub.ending.clean());
  CHECK(stored_in(fleet, "COMMANDS") == 0);
  CHECK(fleet.worker_metric("vsim_dead_letters_total") == 0);
  fleet.wait_until_ready();
}
