// Goal (issue 16, 3): warm pools as an operator types them: one fills up, its servers are one's
// alone, what is given back or fails is replaced, and a drained one leaves nothing. Method: one
// fleet with two workers, of which both are killed in between.

#include <chrono>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using harness::all_servers;
using harness::eventually;
using harness::HttpClient;
using harness::Json;

namespace {

using Servers = std::map<std::string, Json>;

void type(harness::Fleet& fleet, const std::string& where, const std::string& what) {
  expect(0, fleet.nats_cli({"pub", "vsim.cmd." + where, what, "-J"}));
}

std::string order(int target, const std::string& more = "") {
  return fmt::format(R"({{"type":"set_warm_pool","region":"us-east-1","instance_type":"t2.micro",)"
                     R"("profile":"instant","target":{}{}}})",
                     target, more);
}

Servers running(HttpClient& client) { return all_servers(client, "status=RUNNING"); }

bool runs(HttpClient& client, std::size_t servers) {
  return eventually([&] { return running(client).size() == servers; }, std::chrono::seconds(30));
}

}  // namespace

TEST_CASE("a warm pool by hand fills, gives, takes back, outlives its workers and drains") {
  harness::Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  type(fleet, "_warm.ci", order(3, R"(,"tags":{"team":"ci"})"));
  REQUIRE(runs(client, 3));
  const auto servers = running(client);
  for (const auto& [id, server] : servers) {
    CHECK(server["name"].text().starts_with("ci-"));
    CHECK(server["tags"]["team"].text() == "ci");
  }

  // Somebody gets one: it bears another name, and the pool fills up again.
  const std::string mine = servers.begin()->first;
  const std::string lane = "us-east-1." + mine;
  type(fleet, lane, R"({"type":"acquire","name":"mine","lease_seconds":600})");
  REQUIRE(runs(client, 4));
  CHECK(get_server(client, mine)["name"].text() == "mine");
  CHECK(get_server(client, mine)["expires_at"].kind() == Json::Kind::text);
  type(fleet, lane, R"({"type":"acquire","name":"other"})");
  type(fleet, lane, R"({"type":"retire"})");
  CHECK(eventually([&] { return newest_version(client, mine) >= 4; }));
  CHECK(get_server(client, mine)["name"].text() == "mine");
  type(fleet, lane, R"({"type":"release"})");
  CHECK(wait_for_status(client, mine, "TERMINATED")["termination_reason"].text() == "released");
  CHECK(runs(client, 3));

  // What stops is replaced; who knows a number's id only guesses, and takes none.
  const std::string idle = running(client).begin()->first;
  type(fleet, "us-east-1." + idle, R"({"type":"stop"})");
  CHECK(wait_for_status(client, idle, "TERMINATED")["termination_reason"].text() == "retired");
  CHECK(runs(client, 3));
  type(fleet, "us-east-1.11111111-2222-4333-8444-555555555555",
       R"({"type":"create","name":"x","instance_type":"t2.micro",)"
       R"("warm_pool":{"name":"ci","number":99,"on_release":"terminate"}})");

  // Both workers die; the next ones begin from the read models.
  for (const std::size_t worker : {0, 1}) {
    fleet.worker(worker).kill();
  }
  type(fleet, "_warm.ci", order(5));
  for (const std::size_t worker : {0, 1}) {
    fleet.start_worker(worker);
  }
  fleet.wait_until_ready();
  CHECK(runs(client, 5));
  type(fleet, "_warm.ci", order(2));
  CHECK(runs(client, 2));

  // What is reset is the same server again.
  type(fleet, "_warm.again", order(1, R"(,"on_release":"reset")"));
  REQUIRE(runs(client, 3));
  const auto again = all_servers(client, "name=again-1").begin()->first;
  type(fleet, "us-east-1." + again, R"({"type":"acquire"})");
  REQUIRE(runs(client, 4));
  type(fleet, "us-east-1." + again, R"({"type":"release"})");
  CHECK(runs(client, 3));  // one of the two is too much

  for (const auto* pool : {"_warm.ci", "_warm.again"}) {
    type(fleet, pool, R"({"type":"drain_warm_pool"})");
  }
  CHECK(runs(client, 0));
  type(fleet, "_warm.ci", order(1));
  CHECK(runs(client, 1));
  CHECK(running(client).begin()->second["name"].text() != "ci-1");  // numbers go on
  expect(0, fleet.vsimctl({"verify"}));
}
