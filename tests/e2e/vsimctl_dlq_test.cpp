// Goal: a dead letter can be read, put back and dropped, takes effect once, and is lost by no
// mistake. Method: poison through the queue, and letters as a worker writes them for commands that
// could be carried out; then `vsimctl dlq` and a look at server, queue and stream.

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

std::int64_t stored_in(Fleet& fleet, const std::string& stream) {
  const Output info = fleet.nats_cli({"stream", "info", stream, "--json"});
  return Json::parse(info.text)["state"]["messages"].integer();
}

std::string subject_of(const Json& server) { return "vsim.cmd.us-east-1." + server["id"].text(); }

void publish(Fleet& fleet, const std::string& subject, const std::string& payload) {
  const Output pub = fleet.nats_cli({"pub", subject, "--force-stdin"}, payload);
  REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
}

/// Kept as a worker does after too many deliveries.
void bury(Fleet& fleet, const Json& server, const std::string& payload, const std::string& id) {
  const Output pub =
      fleet.nats_cli({"pub", "vsim.dlq.us-east-1." + server["id"].text(), "--force-stdin", "-H",
                      "Vsim-Dead-Reason:exhausted", "-H", "Vsim-Dead-Error:delivered 5 times", "-H",
                      "Vsim-Dead-Subject:" + subject_of(server), "-H", "Vsim-Dead-Sequence:1", "-H",
                      "Vsim-Dead-Deliveries:5", "-H", "Vsim-Dead-Time:2026-03-01T00:00:00.000Z",
                      "-H", "Vsim-Command-Id:" + id},
                     payload);
  REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
}

}  // namespace

TEST_CASE("a dead letter is listed and shown with all that an operator needs") {
  Fleet fleet;
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "list"})), "no dead letters"));
  const std::string subject = "vsim.cmd.us-east-1." + random_uuid();
  publish(fleet, subject, R"({"type":"explode"})");
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "DEAD_LETTERS") == 1; }));
  const Output listed = expect(0, fleet.vsimctl({"dlq", "list"}));
  CHECK(holds(listed, subject));
  CHECK(holds(listed, "unreadable"));
  const Output shown = expect(0, fleet.vsimctl({"dlq", "show", "1"}));
  CHECK(holds(shown, R"({"type":"explode"})"));
  CHECK(holds(shown, "must be create, start, stop, reboot, terminate, extend_lease"));
  CHECK(holds(expect(1, fleet.vsimctl({"dlq", "show", "2"})), "there is no dead letter 2"));
}

TEST_CASE("what cannot be read is put back only by force, and comes back") {
  Fleet fleet;
  publish(fleet, "vsim.cmd.us-east-1." + random_uuid(), "{");
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "DEAD_LETTERS") == 1; }));
  CHECK(holds(expect(1, fleet.vsimctl({"dlq", "replay", "1", "--yes"})), "would come back"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 1);
  expect(0, fleet.vsimctl({"dlq", "replay", "1", "--force", "--yes"}));
  CHECK(harness::eventually([&] { return fleet.vsimctl({"dlq", "show", "2"}).ending.clean(); }));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 1);
}

TEST_CASE("a replayed letter keeps its command's id and takes effect once") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  const std::string id = random_uuid();
  bury(fleet, server, R"({"type":"stop"})", id);

  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "replay", "1", "--dry-run"})), "dry run: 1"));
  CHECK(holds(expect(2, fleet.vsimctl({"dlq", "replay", "1"})), "--yes"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 1);
  CHECK(get_server(client, server["id"].text())["status"].text() == "RUNNING");

  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "replay", "1", "--yes"})), "SUCCEEDED"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 0);
  const Json stopped = wait_for_status(client, server["id"].text(), "STOPPED");
  CHECK(harness::eventually(
      [&] { return operation_status(client, "/operations/" + id) == "SUCCEEDED"; }));

  // A letter of a command that has succeeded: the old answer stands, also after a start.
  REQUIRE(act(client, server["id"].text(), "start").status == 200);
  bury(fleet, server, R"({"type":"stop"})", id);
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "replay", "--all", "--yes"})), "SUCCEEDED"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 0);
  CHECK(stored_in(fleet, "COMMANDS") == 0);
  CHECK(get_server(client, server["id"].text())["status"].text() == "RUNNING");
}

TEST_CASE("a letter whose server is busy stays, and the operator sees why") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  bury(fleet, server, R"({"type":"stop"})", random_uuid());
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}).ending.clean());
  publish(fleet, subject_of(server), R"({"type":"reboot"})");
  const Output busy = expect(1, fleet.vsimctl({"dlq", "replay", "1", "--yes"}));
  CHECK(holds(busy, "another command waits under " + subject_of(server)));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 1);
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "-f"}).ending.clean());
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "COMMANDS") == 0; }));
  expect(0, fleet.vsimctl({"dlq", "replay", "1", "--yes"}));
  CHECK(wait_for_status(client, server["id"].text(), "STOPPED")["version"].integer() > 0);
}

TEST_CASE("what is not stored stays, also without an id of its own (issue 12, number 17)") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}).ending.clean());
  publish(fleet, subject_of(server), R"({"type":"stop"})");
  // As builds kept them that gave no id to what they could not read.
  const std::vector<std::string> subjects = {"vsim.cmd.us-east-1." + random_uuid(),
                                             "vsim.cmd.us-east-1." + random_uuid(),
                                             subject_of(server)};
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const Output pub = fleet.nats_cli({"pub", "vsim.dlq._other", "hello?", "-H",
                                       "Vsim-Dead-Subject:" + subjects[i], "-H",
                                       "Vsim-Dead-Sequence:" + std::to_string(i + 1), "-H",
                                       "Vsim-Dead-Time:2026-03-01T00:00:00.000Z"});
    REQUIRE(pub.ending.clean());
  }
  const Output replayed = expect(1, fleet.vsimctl({"dlq", "replay", "--all", "--force", "--yes"}));
  CHECK(holds(replayed, "another command waits under " + subject_of(server)));
  CHECK(stored_in(fleet, "COMMANDS") == 3);
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 1);

  // They die again at once, under the ids that they now have.
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "-f"}).ending.clean());
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "DEAD_LETTERS") == 3; }));
  const auto id_of = [&](const std::string& letter) {
    const Output shown = expect(0, fleet.vsimctl({"dlq", "show", letter}));
    const auto at = shown.text.find("Vsim-Command-Id: ");
    REQUIRE(at != std::string::npos);
    return shown.text.substr(at + 17, 36);
  };
  const std::string id = id_of("4");
  CHECK(id != id_of("5"));
  expect(0, fleet.vsimctl({"dlq", "replay", "4", "--force", "--yes"}));
  REQUIRE(harness::eventually([&] { return fleet.vsimctl({"dlq", "show", "6"}).ending.clean(); }));
  CHECK(id_of("6") == id);
}

TEST_CASE("a dry run says of each letter what would become of it, and a replay does that") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  const Json busy = create_server(client, {.profile = "instant"});
  bury(fleet, server, R"({"type":"stop"})", random_uuid());
  bury(fleet, server, "{", random_uuid());
  bury(fleet, busy, R"({"type":"stop"})", random_uuid());
  const Output pub = fleet.nats_cli(
      {"pub", "vsim.dlq._other", R"({"type":"stop"})", "-H", "Vsim-Dead-Subject:vsim.evt.x"});
  REQUIRE(pub.ending.clean());
  publish(fleet, subject_of(server), R"({"type":"stop","force":true})");  // mistyped: letter 5
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "DEAD_LETTERS") == 5; }));
  REQUIRE(fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}).ending.clean());
  publish(fleet, subject_of(busy), R"({"type":"reboot"})");

  const Output plan = expect(0, fleet.vsimctl({"dlq", "replay", "--all", "--dry-run"}));
  CHECK(holds(plan, "dry run: 1 would be put back into the queue, and dropped here; 4 would be"));
  CHECK(holds(plan, "dead letter 2 cannot be read"));
  CHECK(holds(plan, "dead letter 3: another command waits under " + subject_of(busy)));
  CHECK(holds(plan, "dead letter 4 names no place in the queue"));
  CHECK(holds(plan, "dead letter 5 is mistyped"));
  const Output forced =
      expect(0, fleet.vsimctl({"dlq", "replay", "--all", "--force", "--dry-run"}));
  CHECK(holds(forced, "dry run: 3 would be put back into the queue, and dropped here; 2 would be"));
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "replay", "2", "--dry-run"})), "dry run: 0 would"));
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "drop", "--all", "--dry-run"})), "dry run: 5 would"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 5);

  const Output done = expect(1, fleet.vsimctl({"dlq", "replay", "--all", "--yes"}));
  CHECK(holds(done, "4 were kept; the first: dead letter 2"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 4);
  CHECK(stored_in(fleet, "COMMANDS") == 2);
  REQUIRE(fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "-f"}).ending.clean());
  wait_for_status(client, server["id"].text(), "STOPPED");
}

TEST_CASE("letters of one server are put back one after the other") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  for (const char* type : {"stop", "start", "reboot", "stop"}) {
    bury(fleet, server, std::string(R"({"type":")") + type + R"("})", random_uuid());
  }
  const Output replayed = expect(0, fleet.vsimctl({"dlq", "replay", "--all", "--yes"}));
  CHECK_FALSE(holds(replayed, "REJECTED"));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 0);
  wait_for_status(client, server["id"].text(), "STOPPED");
}

TEST_CASE("nothing is dropped without a yes, and what is dropped is gone for good") {
  Fleet fleet;
  for (int i = 0; i < 3; ++i) {
    publish(fleet, "vsim.cmd.us-east-1." + random_uuid(), "{");
  }
  REQUIRE(harness::eventually([&] { return stored_in(fleet, "DEAD_LETTERS") == 3; }));
  CHECK(holds(expect(2, fleet.vsimctl({"dlq", "drop", "--all"})), "add --yes"));
  expect(0, fleet.vsimctl({"dlq", "drop", "--all", "--dry-run"}));
  expect(2, fleet.vsimctl({"dlq", "drop", "1", "--all", "--yes"}));
  expect(2, fleet.vsimctl({"dlq", "drop", "--yes"}));
  expect(1, fleet.vsimctl({"dlq", "drop", "99", "--yes"}));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 3);
  expect(0, fleet.vsimctl({"dlq", "drop", "2", "--yes"}));
  CHECK(stored_in(fleet, "DEAD_LETTERS") == 2);
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "drop", "--all", "--yes"})), "dropped 2"));
  CHECK(holds(expect(0, fleet.vsimctl({"dlq", "list"})), "no dead letters"));
}
