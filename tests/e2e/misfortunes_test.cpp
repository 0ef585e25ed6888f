// Goal (issue 16, 1): what befalls servers is seen by callers as it was drawn: failed boots and
// launches, hosts that fail, impaired health, interruptions, transitions that are stuck; the log,
// the bill and the addresses follow. Method: a clock that hardly moves by itself, servers whose
// tags ask for a misfortune, and advances to just before it and just after it.

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/child_process.h"
#include "tests/harness/database.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using harness::Output;

namespace {

constexpr std::int64_t second = 1000;

struct Ground {
  harness::Fleet fleet{{.settings = {{"TIME_SCALE", e2e::standing_still}}}};
  HttpClient client = fleet.client();

  std::string server(const std::map<std::string, std::string>& tags,
                     const std::string& profile = "instant") {
    return create_server(client, {.profile = profile, .tags = tags})["id"].text();
  }
  Json get(const std::string& id) { return get_server(client, id); }
  std::string status(const std::string& id) { return get(id)["status"].text(); }
  std::string free_addresses() {
    return harness::query_value(fleet.database_url(),
                                "SELECT count(*) FROM vsim.ip_pool WHERE status = 'FREE'");
  }
  void check_log() {
    const Output output = fleet.vsimctl({"verify"});
    CHECK_MESSAGE(output.ending.code == 0, output.text);
  }
};

}  // namespace

TEST_CASE("failed boots and launches, a host's failure, and what comes of them") {
  Ground ground;
  auto& client = ground.client;
  const auto free_before = ground.free_addresses();

  const std::string failed = ground.server({{"vsim:create", "fail"}}, "standard");
  e2e::advance(client, 60 * second);
  Json server = ground.get(failed);
  CHECK(server["status"].text() == "FAILED");
  CHECK(server["failure"]["code"].text() == "asked_for");
  CHECK(server["due_at"].is_null());
  CHECK_FALSE(server["ip"].is_null());
  CHECK(act(client, failed, "stop").status == 409);
  CHECK(client.get("/servers?status=FAILED").json()["total"].integer() == 1);
  e2e::advance(client, 30 * e2e::day);
  CHECK(ground.get(failed)["live_uptime_seconds"].integer() == 0);
  CHECK(act(client, failed, "start").status == 200);
  e2e::advance(client, 60 * second);
  server = ground.get(failed);
  CHECK(server["status"].text() == "RUNNING");
  CHECK(server["failure"].is_null());

  const HttpAnswer made = client.post(
      "/servers?until=settled",
      harness::create_body({.profile = "instant", .tags = {{"vsim:create", "terminate"}}}));
  CHECK_MESSAGE(made.status == 201, describe(made));
  CHECK(made.json()["status"].text() == "TERMINATED");
  CHECK(made.json()["termination_reason"].text() == "launch_failure");
  CHECK(made.json()["failure"]["code"].text() == "asked_for");
  const std::string operation = harness::query_value(
      ground.fleet.database_url(),
      "SELECT id FROM vsim.operations WHERE server_id = '" + made.json()["id"].text() + "'");
  CHECK(client.get("/operations/" + operation + "?until=settled").json()["status"].text() ==
        "SUCCEEDED");

  const std::string hosted = ground.server({{"vsim:host_failure_after", "3600"}});
  CHECK(ground.get(hosted)["due_at"].is_null());
  e2e::advance(client, 3590 * second);
  CHECK(ground.status(hosted) == "RUNNING");
  e2e::advance(client, 20 * second);
  server = ground.get(hosted);
  CHECK(server["status"].text() == "STOPPED");
  CHECK(server["failure"]["code"].text() == "host_failure");
  const auto at = [&](const char* event) {
    return e2e::moment(e2e::event_of(client, hosted, event)["timestamp"].text());
  };
  CHECK(at("server_stopped") == at("server_provisioned") + 3600 * second);
  CHECK(server["live_uptime_seconds"].integer() == 3600);

  ground.check_log();
  for (const auto& id : {failed, hosted}) {
    CHECK(act(client, id, "terminate").status == 200);
  }
  e2e::advance(client, 60 * second);
  CHECK(ground.free_addresses() == free_before);
}

TEST_CASE("an impaired server recovers, and an interruption is announced") {
  Ground ground;
  auto& client = ground.client;
  const std::string id = ground.server({{"vsim:impaired_after", "100"},
                                        {"vsim:impaired_for", "50"},
                                        {"vsim:interruption_after", "1000"}});
  CHECK(ground.get(id)["health"].text() == "ok");
  e2e::advance(client, 110 * second);
  const Json impaired = ground.get(id);
  CHECK(impaired["health"].text() == "impaired");
  CHECK(impaired["status"].text() == "RUNNING");
  CHECK(impaired["interruption_at"].is_null());
  e2e::advance(client, 50 * second);
  CHECK(ground.get(id)["health"].text() == "ok");
  e2e::advance(client, 850 * second);
  const Json noticed = ground.get(id);
  CHECK(noticed["status"].text() == "RUNNING");
  const auto end = e2e::moment(noticed["interruption_at"].text());
  CHECK(end == e2e::moment(noticed["created_at"].text()) + 1120 * second);
  e2e::advance(client, 120 * second);
  const Json gone = ground.get(id);
  CHECK(gone["status"].text() == "TERMINATED");
  CHECK(gone["termination_reason"].text() == "interruption");
  CHECK(gone["live_uptime_seconds"].integer() == 1120);
  ground.check_log();
}

TEST_CASE("a stuck stop never ends by itself") {
  Ground ground;
  auto& client = ground.client;
  const std::string id = ground.server({{"vsim:stop", "stuck"}});
  CHECK(act(client, id, "stop").status == 200);
  e2e::advance(client, 30 * e2e::day);
  CHECK(ground.status(id) == "STOPPING");
  CHECK(ground.get(id)["due_at"].is_null());
  const Output forced =
      ground.fleet.vsimctl({"terminate", id, "--force", "--reason", "it is stuck", "--yes"});
  CHECK_MESSAGE(forced.ending.code == 0, forced.text);
  CHECK(harness::wait_for_status(client, id, "TERMINATED")["termination_reason"].text() ==
        "forced");
}

TEST_CASE("tags of vsim's own are of a list, also in commands by hand; profiles can be read") {
  Ground ground;
  auto& client = ground.client;
  const HttpAnswer refused =
      client.post("/servers", harness::create_body({.tags = {{"vsim:stopp", "stuck"}}}));
  CHECK(refused.status == 400);
  CHECK(refused.json()["detail"].text().find("there are vsim:create, vsim:start") !=
        std::string::npos);
  const HttpAnswer wrong =
      client.post("/servers", harness::create_body({.tags = {{"vsim:stop", "fail"}}}));
  CHECK(wrong.status == 400);
  CHECK(wrong.json()["detail"].text().find("must be stuck or delay:SECONDS") != std::string::npos);

  const Json all = client.get("/profiles").json();
  std::vector<std::string> names;
  for (const Json& profile : all["items"].elements()) {
    names.push_back(profile["name"].text());
  }
  CHECK(names == std::vector<std::string>{"ec2", "flaky", "instant", "seed", "spot", "standard"});
  const Json flaky = client.get("/profiles/flaky").json();
  CHECK(flaky["delays"]["create"].at(1)["ends"].text() == "FAILED");
  CHECK(flaky["hazards"]["host_failure"]["ends"].text() == "STOPPED");
  CHECK(client.get("/profiles/nobody").status == 404);
  const std::string schema = harness::source_dir() + "/schema/";
  const Output well = ground.fleet.vsimctl({"profile", "check", schema + "profiles/flaky.json"});
  CHECK_MESSAGE(well.ending.code == 0, well.text);
  const Output none = ground.fleet.vsimctl({"profile", "check", schema + "prices.json"});
  CHECK(none.ending.code == 1);
  CHECK_MESSAGE(none.text.find("/prices.json:1: \"delays\" must be an object") != std::string::npos,
                none.text);
  CHECK(client.get("/profiles?x=1").status == 400);
}
