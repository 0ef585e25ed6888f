// Goal: a purge made by mistake is undone: what was purged comes back, once, in its old order, and
// nothing else does. Method: pause the workers, queue commands, purge them with the nats CLI, let
// the janitor note it, then `vsimctl journal replay --purged`; servers and operations tell.

#include <algorithm>
#include <map>

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

namespace {

void nats(Fleet& fleet, const std::vector<std::string>& arguments) {
  const Output output = fleet.nats_cli(arguments);
  REQUIRE_MESSAGE(output.ending.clean(), output.text);
}

std::uint64_t with_status(HttpClient& client, const std::string& status) {
  return client.get("/operations?limit=200&status=" + status).json()["items"].size();
}

std::string subject_of(const Json& server) {
  return "vsim.cmd." + server["region"].text() + "." + server["id"].text();
}

/// Queues the commands, each a subject and a payload, while no worker takes any, and purges them.
void queue_and_purge(Fleet& fleet,
                     const std::vector<std::pair<std::string, std::string>>& commands) {
  HttpClient client = fleet.client();
  const auto purged_before = with_status(client, "PURGED");
  nats(fleet, {"consumer", "pause", "COMMANDS", "commands", "1h", "-f"});
  for (const auto& [subject, payload] : commands) {
    nats(fleet, {"pub", subject, payload});
  }
  nats(fleet, {"stream", "purge", "COMMANDS", "-f"});
  REQUIRE(harness::eventually(
      [&] { return with_status(client, "PURGED") == purged_before + commands.size(); }));
  nats(fleet, {"consumer", "resume", "COMMANDS", "commands", "-f"});
}

/// The same with a command for each server.
void queue_and_purge(Fleet& fleet, const std::vector<Json>& servers, const std::string& type) {
  std::vector<std::pair<std::string, std::string>> commands;
  for (const Json& server : servers) {
    commands.emplace_back(subject_of(server), R"({"type":")" + type + R"("})");
  }
  queue_and_purge(fleet, commands);
}

const std::vector<std::string> replay = {"journal", "replay", "--purged", "--yes"};

}  // namespace

TEST_CASE("purged commands come back once each, and nothing the second time") {
  Fleet fleet;
  HttpClient client = fleet.client();
  std::vector<Json> servers;
  for (int i = 0; i < 5; ++i) {
    servers.push_back(create_server(client, {.profile = "instant"}));
  }
  queue_and_purge(fleet, servers, "stop");

  CHECK(holds(expect(0, fleet.vsimctl({"journal", "list", "--purged"})), subject_of(servers[0])));
  const std::vector<std::string> dry_run = {"journal", "replay", "--purged", "--dry-run"};
  CHECK(holds(expect(0, fleet.vsimctl(dry_run)), "dry run: 5"));
  CHECK(get_server(client, servers[0]["id"].text())["status"].text() == "RUNNING");

  CHECK(holds(expect(0, fleet.vsimctl(replay)), "put back 5"));
  for (const Json& server : servers) {
    wait_for_status(client, server["id"].text(), "STOPPED");
  }
  CHECK(harness::eventually([&] { return with_status(client, "PURGED") == 0; }));
  CHECK(holds(expect(0, fleet.vsimctl(replay)), "no purged commands"));
  for (const Json& server : servers) {
    CHECK(get_server(client, server["id"].text())["version"].integer() == 3);
  }
}

TEST_CASE("the commands of one server come back in their old order") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::vector<Json> servers = {create_server(client, {.profile = "instant"}),
                                     create_server(client, {.profile = "instant"})};
  for (const char* type : {"stop", "start", "reboot", "stop"}) {
    queue_and_purge(fleet, servers, type);
  }
  const Output put_back = expect(0, fleet.vsimctl(replay));
  CHECK(holds(put_back, "put back 8"));
  CHECK_FALSE(holds(put_back, "REJECTED"));
  for (const Json& server : servers) {
    wait_for_status(client, server["id"].text(), "STOPPED");
  }
}

TEST_CASE("a region and a time bound what comes back") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json here = create_server(client, {.profile = "instant"});
  const Json there = create_server(client, {.region = "eu-west-1", .profile = "instant"});
  queue_and_purge(fleet, {here, there}, "stop");
  auto of_region = replay;
  of_region.insert(of_region.end(), {"--region", "eu-west-1"});
  CHECK(holds(expect(0, fleet.vsimctl(of_region)), "put back 1"));
  wait_for_status(client, there["id"].text(), "STOPPED");
  CHECK(get_server(client, here["id"].text())["status"].text() == "RUNNING");
  auto of_the_future = replay;
  of_the_future.insert(of_the_future.end(), {"--since", "2999-01-01T00:00:00Z"});
  CHECK(holds(expect(0, fleet.vsimctl(of_the_future)), "no purged commands"));
  auto of_the_last_hour = replay;
  of_the_last_hour.insert(of_the_last_hour.end(), {"--since", "1h"});
  CHECK(holds(expect(0, fleet.vsimctl(of_the_last_hour)), "put back 1"));
  wait_for_status(client, here["id"].text(), "STOPPED");
}

TEST_CASE("without Postgres the log tells what was purged, also of what is for no server") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  const std::vector<std::pair<std::string, std::string>> others = {
      {"vsim.cmd._sim.faults", R"({"type":"lift_faults"})"},
      {"vsim.cmd._sim.clock", R"({"type":"advance","seconds":1})"},
      {"vsim.cmd._warm.ci", R"({"type":"drain_warm_pool"})"}};
  queue_and_purge(fleet,
                  {{subject_of(server), R"({"type":"stop"})"}, others[0], others[1], others[2]});
  const auto listed = [&](const std::string& region) {
    return expect(0, fleet.vsimctl({"journal", "list", "--purged", "--region", region})).text;
  };
  for (const auto& [region, subject] :
       {std::pair("_faults", others[0].first), std::pair("_sim", others[1].first),
        std::pair("_warm.ci", others[2].first)}) {
    const auto text = listed(region);
    CHECK_MESSAGE(text.find(subject) != std::string::npos, text);
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);  // the head, and that one
  }
  fleet.postgres().kill();
  const Output put_back = expect(0, fleet.vsimctl(replay));
  CHECK(holds(put_back, "reading the log instead"));
  CHECK(holds(put_back, "put back 4"));
  fleet.postgres().restart();
  wait_for_status(client, server["id"].text(), "STOPPED");
}

TEST_CASE("a command that comes back is decided on the state of now") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const Json server = create_server(client, {.profile = "instant"});
  queue_and_purge(fleet, {server}, "reboot");
  REQUIRE(act(client, server["id"].text(), "stop").status == 200);
  // The purged reboot comes after the stop that was decided meanwhile, and is rejected for it.
  const Output put_back = expect(0, fleet.vsimctl(replay));
  CHECK(holds(put_back, "REJECTED: cannot reboot: the server is STOPPED"));
  CHECK(get_server(client, server["id"].text())["status"].text() == "STOPPED");
}
