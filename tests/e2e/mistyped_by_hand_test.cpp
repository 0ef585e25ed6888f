// Goal: a command by hand with a mistyped part is never carried out without that part: its dead
// letter and its operation name it. Commands of an older or newer API, or from JOURNAL, are read as
// before (issue 12, number 9). Method: `nats pub`, then the operation, the letter, the server.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
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
using harness::random_uuid;

namespace {

const std::string mistyped_stop = R"({"type":"stop","reson":"a typing error"})";

void publish(Fleet& fleet, const std::string& subject, const std::string& payload,
             const std::vector<std::string>& headers = {}) {
  std::vector<std::string> arguments = {"pub", subject, "--force-stdin", "--no-templates"};
  for (const auto& header : headers) {
    arguments.insert(arguments.end(), {"-H", header});
  }
  const harness::Output pub = fleet.nats_cli(arguments, payload);
  REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
}

/// The operation of a server that ended as a dead letter, once there is one.
Json dead_lettered(HttpClient& client, const std::string& id) {
  Json newest;
  REQUIRE(eventually([&] {
    const Json page = client.get("/operations?status=DEAD_LETTERED&server_id=" + id).json();
    if (page["items"].size() == 0) {
      return false;
    }
    newest = page["items"].at(0);
    return true;
  }));
  return newest;
}

std::string last_letter(Fleet& fleet, const std::string& subject) {
  return fleet.nats_cli({"stream", "get", "DEAD_LETTERS", "--last-for", subject}).text;
}

}  // namespace

TEST_CASE("a mistyped member by hand is a dead letter that names what was meant: issue 12, 9") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = random_uuid();
  publish(fleet, "vsim.cmd.us-east-1." + id,
          R"({"type":"create","name":"web","instance_type":"t2.micro","tag":{"team":"a"}})");
  const Json operation = dead_lettered(client, id);
  CHECK_MESSAGE(
      operation["detail"].text().find("the nearest name is \"tags\"") != std::string::npos,
      operation["detail"].text());
  CHECK(client.get("/servers/" + id).status == 404);
  const std::string letter = last_letter(fleet, "vsim.dlq.us-east-1." + id);
  CHECK(letter.find("Vsim-Dead-Reason: unreadable") != std::string::npos);
  CHECK(letter.find(R"("tag" is not known here; the nearest name is "tags")") != std::string::npos);
  CHECK(e2e::waiting_commands(fleet) == 0);

  // The same id, put right: nothing stands in its way.
  publish(fleet, "vsim.cmd.us-east-1." + id,
          R"({"type":"create","name":"web","instance_type":"t2.micro","tags":{"team":"a"}})");
  CHECK(wait_for_status(client, id, "RUNNING")["tags"]["team"].text() == "a");
}

TEST_CASE("doubled members and addresses that no server can have are no pool command by hand") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string pool = "vsim.cmd.us-east-1._pool";
  struct Row {
    std::string payload;
    std::string expected;
  };
  for (const auto& [payload, expected] :
       {Row{R"({"type":"extend_pool","cidr":"10.0.0.0/24","cidr":"10.1.0.0/24"})", "given twice"},
        Row{R"({"type":"extend_pool","cidr":"127.0.0.0/24"})", "loopback"},
        Row{R"({"type":"extend_pool","first":"223.255.255.250","last":"224.0.0.9"})", "multicast"},
        Row{R"({"type":"extend_pool","cidr":"0.0.0.0/24"})", "this network"}}) {
    CAPTURE(payload);
    publish(fleet, pool, payload);
    CHECK(eventually([&] {
      const Json page = client.get("/operations?limit=1&region=us-east-1").json();
      if (page["items"].size() == 0) {
        return false;
      }
      const Json newest = page["items"].at(0);
      return newest["status"].text() == "DEAD_LETTERED" &&
             newest["detail"].text().find(expected) != std::string::npos;
    }));
    REQUIRE(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
  }
  publish(fleet, pool, R"({"type":"extend_pool","cidr":"10.0.0.0/012"})");
  REQUIRE(eventually([&] { return fleet.worker_metric("vsim_dead_letters_total") == 5; }));
  for (const Json& region : client.get("/regions").json()["items"].elements()) {
    CHECK(region["addresses_total"].integer() == 100);
  }
}

TEST_CASE("an unknown member in a command with an id is of a newer build, and is overlooked") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  publish(fleet, "vsim.cmd.us-east-1." + id, mistyped_stop, {"Vsim-Command-Id:" + random_uuid()});
  wait_for_status(client, id, "STOPPED");
  // What an older build took by hand is put back from JOURNAL so: with its place in the queue.
  publish(fleet, "vsim.cmd.us-east-1." + id, R"({"type":"start","by":"an older build"})",
          {"Nats-Sequence:1", "Nats-Time-Stamp:2026-03-01T00:00:00.000000001Z"});
  wait_for_status(client, id, "RUNNING");
  CHECK(fleet.worker_metric("vsim_dead_letters_total") == 0);
}

TEST_CASE("a mistyped letter is put back by force alone, as if the member were not there") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  publish(fleet, "vsim.cmd.us-east-1." + id, mistyped_stop);
  dead_lettered(client, id);
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "show", "1"})), "mistyped (\"reson\""));
  CHECK(holds(expect(1, fleet.vsimctl({"dlq", "replay", "1", "--yes"})), "add --force"));
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  expect(0, fleet.vsimctl({"dlq", "replay", "1", "--force", "--yes"}));
  wait_for_status(client, id, "STOPPED");
}

TEST_CASE("a header without a value is reported, and takes no other along") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  double letters = 0;
  for (const std::string empty : {"Vsim-Actor:", "Vsim-Only-At:", "Vsim-Zzz:"}) {
    CAPTURE(empty);
    publish(fleet, "vsim.cmd.us-east-1." + id, R"({"type":"stop"})",
            {empty, "Vsim-Command-Id:" + random_uuid()});
    ++letters;
    CHECK(eventually([&] { return fleet.worker_metric("vsim_dead_letters_total") == letters; }));
    const std::string letter = last_letter(fleet, "vsim.dlq.us-east-1." + id);
    CHECK_MESSAGE(letter.find("a header has no value") != std::string::npos, letter);
    REQUIRE(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
}

TEST_CASE("a letter that names no place in the queue is kept, and what is wrong is reported") {
  Fleet fleet;
  publish(fleet, "vsim.dlq.x", "hi");
  for (const char* subject : {"vsim.cmd.*.>", "vsim.cmd.eu west.1", "foo.bar"}) {
    publish(fleet, "vsim.dlq.x", "hi", {std::string("Vsim-Dead-Subject:") + subject});
  }
  for (const char* sequence : {"1", "2", "3", "4"}) {
    CAPTURE(sequence);
    const harness::Output replay = fleet.vsimctl({"dlq", "replay", sequence, "--yes", "--force"});
    CHECK(replay.ending.code == 1);
    CHECK_MESSAGE(replay.text.find("names no place in the queue") != std::string::npos,
                  replay.text);
  }
  CHECK(fleet.nats_cli({"stream", "info", "DEAD_LETTERS", "--json"}).text.find("\"messages\": 4") !=
        std::string::npos);
}
