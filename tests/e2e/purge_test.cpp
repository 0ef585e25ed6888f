// Goal: a purge is a fact: whatever operators take out of the queue, at whatever step of handling,
// ends as PURGED within seconds, or has the outcome that came first; never both, never neither.
// Method: the stock nats CLI purges while the consumer is paused, while a worker that holds the
// command is stopped, and while workers are killed under load; then `operations`, the waiting
// callers and EVENTS must tell the same story. Then JOURNAL gives the commands back.

#include <csignal>
#include <future>
#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds verdict_max{5};
constexpr seconds claim_verdict_max{10};
constexpr seconds machine_slack{5};  // the tests' machine may be busy

using Arguments = std::vector<std::string>;

void run_nats(Fleet& fleet, const Arguments& arguments) {
  const harness::Output output = fleet.nats_cli(arguments);
  REQUIRE_MESSAGE(output.ending.clean(), output.text);
}

void pause_workers(Fleet& fleet) {
  run_nats(fleet, {"consumer", "pause", "COMMANDS", "commands", "1h", "-f"});
}
void resume_workers(Fleet& fleet) {
  run_nats(fleet, {"consumer", "resume", "COMMANDS", "commands", "-f"});
}
void purge(Fleet& fleet, const std::string& subject) {
  run_nats(fleet, {"stream", "purge", "COMMANDS", "--subject", subject, "-f"});
}

std::string status_of(HttpClient& client, const std::string& operation) {
  const HttpAnswer answer = client.get("/operations/" + operation);
  return answer.status == 200 ? answer.json()["status"].text() : "";
}

bool ends_as(HttpClient& client, const std::string& operation, const std::string& status) {
  return eventually([&] { return status_of(client, operation) == status; },
                    verdict_max + machine_slack);
}

/// The operation of a command that nobody waits for.
std::string act_async(HttpClient& client, const std::string& id, const std::string& action) {
  const HttpAnswer answer = act(client, id, action, {{"Prefer", "respond-async"}});
  REQUIRE_MESSAGE(answer.status == 202, describe(answer));
  return answer.json()["id"].text();
}

std::size_t outcomes_of(const e2e::EventLog& log, const std::string& server,
                        const std::string& operation) {
  std::size_t count = 0;
  for (const auto& event : log.servers.at(server)) {
    count += event.command_id == operation;
  }
  return count;
}

std::string subject_of(const std::string& server) { return "vsim.cmd.us-east-1." + server; }

}  // namespace

TEST_CASE("purged before delivery: the waiting caller gets 409 purged, the other sees PURGED") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string waited = create_server(client, {.profile = "instant"})["id"].text();
  const std::string async = create_server(client, {.profile = "instant"})["id"].text();
  pause_workers(fleet);
  const std::string operation = act_async(client, async, "stop");
  auto waiting = std::async(std::launch::async, [&] {
    HttpClient caller = fleet.client();
    return act(caller, waited, "stop", {{"Prefer", "wait=60"}});
  });
  REQUIRE(eventually([&] { return e2e::waiting_commands(fleet) == 2; }));
  const auto purged_at = std::chrono::steady_clock::now();
  purge(fleet, subject_of(waited));
  const HttpAnswer answer = waiting.get();
  CHECK(std::chrono::steady_clock::now() - purged_at < verdict_max + machine_slack);
  CHECK_MESSAGE(answer.status == 409, describe(answer));
  CHECK(answer.code() == "purged");
  const std::string waited_operation = answer.json()["operation_id"].text();
  CHECK(status_of(client, waited_operation) == "PURGED");
  CHECK(status_of(client, operation) == "PENDING");  // one subject was purged, not the other
  purge(fleet, "vsim.cmd.us-east-1.*");
  CHECK(ends_as(client, operation, "PURGED"));
  const Json listed = client.get("/operations?status=PURGED").json()["items"];
  CHECK(listed.size() == 2);
  CHECK(fleet.worker_metric("vsim_commands_purged_total") == 2);
  resume_workers(fleet);
  CHECK(get_server(client, waited)["status"].text() == "RUNNING");
  const HttpAnswer again = act(client, waited, "stop");  // the slot is free
  CHECK_MESSAGE(again.status == 200, describe(again));
}

TEST_CASE("delivered to a worker that sleeps, and purged: it wakes up to the verdict") {
  Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string other = create_server(client, {.profile = "instant"})["id"].text();
  for (std::size_t worker : {0U, 1U}) {
    fleet.worker(worker).terminate();
  }
  fleet.start_worker(0, {{"ROLES", "commands"}});
  fleet.start_worker(1, {{"ROLES", "timekeeper,billing,projector,janitor"}});
  fleet.wait_until_ready();
  fleet.worker(0).signal(SIGSTOP);
  const std::string stop = act_async(client, id, "stop");
  const std::string terminate = act_async(client, other, "terminate");
  REQUIRE(eventually([&] {
    const harness::Output info =
        fleet.nats_cli({"consumer", "info", "COMMANDS", "commands", "--json"});
    return Json::parse(info.text)["num_ack_pending"].integer() == 2;
  }));
  purge(fleet, subject_of(id));
  CHECK(ends_as(client, stop, "PURGED"));
  CHECK(status_of(client, terminate) == "PENDING");
  fleet.worker(0).signal(SIGCONT);
  CHECK(ends_as(client, terminate, "SUCCEEDED"));
  CHECK(eventually([&] {
    return fleet.worker_metric(0, "vsim_commands_total", R"(outcome="already_decided")") == 1;
  }));
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(outcomes_of(e2e::read_event_log(fleet), id, stop) == 1);
}

TEST_CASE("purged while a newer command was accepted and handled before the verdict") {
  Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (std::size_t worker : {0U, 1U}) {
    fleet.worker(worker).terminate();
  }
  fleet.start_worker(0, {{"ROLES", "commands,timekeeper,billing,projector"}});  // no janitor yet
  eventually([&] { return client.get("/readyz").status == 200; });
  pause_workers(fleet);
  const std::string older = act_async(client, id, "terminate");
  REQUIRE(eventually([&] { return status_of(client, older) == "PENDING"; }));
  purge(fleet, subject_of(id));
  const std::string newer = act_async(client, id, "stop");
  resume_workers(fleet);
  CHECK(ends_as(client, newer, "SUCCEEDED"));
  CHECK(status_of(client, older) == "PENDING");
  fleet.start_worker(1, {{"ROLES", "janitor"}});
  CHECK(ends_as(client, older, "PURGED"));
  CHECK(status_of(client, newer) == "SUCCEEDED");
  CHECK(get_server(client, id)["status"].text() == "STOPPED");
}

TEST_CASE("a purged create leaves no server and no address behind, and JOURNAL brings it back") {
  Fleet fleet;
  HttpClient client = fleet.client();
  pause_workers(fleet);
  const HttpAnswer create = client.post("/servers", harness::create_body({.profile = "instant"}),
                                        {{"Prefer", "respond-async"}});
  REQUIRE_MESSAGE(create.status == 202, describe(create));
  const std::string operation = create.json()["id"].text();
  const std::string id = create.json()["server_id"].text();
  run_nats(fleet, {"stream", "purge", "COMMANDS", "-f"});
  CHECK(ends_as(client, operation, "PURGED"));
  CHECK(client.get("/servers/" + id).status == 404);
  resume_workers(fleet);
  const auto log = e2e::read_event_log(fleet);
  CHECK(log.holder.empty());

  // As the runbook does it, and once more: it takes effect once.
  const harness::Output kept =
      fleet.nats_cli({"sub", "--stream", "JOURNAL", "--all", "--terminate-at-end", "--raw",
                      "vsim.journal.*." + id});
  REQUIRE_MESSAGE(kept.ending.clean(), kept.text);
  const auto begin = kept.text.find(R"({"type")");
  REQUIRE_MESSAGE(begin != std::string::npos, kept.text);
  const auto payload = kept.text.substr(begin, kept.text.find('\n', begin) - begin);
  for (const char* copy : {"-r1", "-r2"}) {
    run_nats(fleet, {"pub", subject_of(id), payload, "-H", "Vsim-Command-Id:" + operation, "-H",
                     "Nats-Msg-Id:" + operation + copy});
    CHECK(ends_as(client, operation, "SUCCEEDED"));
    REQUIRE(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(e2e::read_event_log(fleet).holder.size() == 1);
}

TEST_CASE("a create of which the log has only the claim is PURGED, and the address is free again") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const auto free = [&] {
    const Json regions = client.get("/regions").json()["items"];
    return regions.at(0)["addresses_free"].integer() + regions.at(1)["addresses_free"].integer();
  };
  const auto before = free();
  const std::string operation = "0191f3a4-7c1e-7b3a-9d55-3f6a2b1c0d9f";
  const std::string claim =
      R"({"type":"address_claimed","region":"us-east-1","ip":"192.168.10.1",)"
      R"("server_id":"0191f3a4-7c1e-7b3a-9d55-3f6a2b1c0d9e","at":"2026-03-01T12:00:00.000Z",)"
      R"("command_id":")" +
      operation + R"(","actor":"api","correlation_id":"r-1","command_sequence":1,)" +
      R"("request_hash":""})";
  REQUIRE(fleet.nats_cli_as("admin", {"pub", "vsim.evt.ip.us-east-1.192-168-10-1", claim})
              .ending.clean());
  CHECK(eventually([&] { return free() == before - 1; }));
  CHECK(eventually([&] { return status_of(client, operation) == "PURGED"; },
                   claim_verdict_max + machine_slack));
  CHECK(free() == before);
}

TEST_CASE("commands for a pool and the clock have their fate too: purged, rejected") {
  Fleet fleet;
  HttpClient client = fleet.client();
  pause_workers(fleet);
  const harness::HttpHeaders async = {{"Prefer", "respond-async"}};
  const HttpAnswer extend =
      client.post("/regions/us-east-1/addresses", R"({"cidr":"10.0.0.0/24"})", async);
  const HttpAnswer advance = client.post("/clock", R"({"advance_seconds":3600})", async);
  REQUIRE_MESSAGE(extend.status == 202, describe(extend));
  REQUIRE_MESSAGE(advance.status == 202, describe(advance));
  run_nats(fleet, {"stream", "purge", "COMMANDS", "-f"});
  CHECK(ends_as(client, extend.json()["id"].text(), "PURGED"));
  CHECK(ends_as(client, advance.json()["id"].text(), "PURGED"));
  resume_workers(fleet);
  run_nats(fleet, {"pub", "vsim.cmd.mars._pool", R"({"type":"extend_pool","cidr":"10.0.0.0/24"})"});
  CHECK(eventually([&] {
    const Json rejected = client.get("/operations?status=REJECTED").json()["items"];
    return rejected.size() == 1 && rejected.at(0)["region"].text() == "mars";
  }));
  const HttpAnswer again = client.post("/regions/us-east-1/addresses", R"({"cidr":"10.0.0.0/24"})");
  CHECK_MESSAGE(again.status == 200, describe(again));
}

TEST_CASE("everything is purged again and again while workers die: each command has one fate") {
  Fleet fleet({.workers = 2});
  HttpClient client = fleet.client();
  std::map<std::string, std::string> servers;  // by operation
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) {
    ids.push_back(create_server(client, {.profile = "instant"})["id"].text());
  }
  const std::vector<std::string> actions = {"stop", "start", "reboot"};
  for (std::size_t round = 0; round < 9; ++round) {
    for (const auto& id : ids) {
      const HttpAnswer answer =
          act(client, id, actions[round % actions.size()], {{"Prefer", "respond-async"}});
      if (answer.status == 202) {
        servers[answer.json()["id"].text()] = id;
      }
    }
    if (round % 3 == 0) {
      fleet.worker(0).kill();
    }
    run_nats(fleet, {"stream", "purge", "COMMANDS", "-f"});
    if (round % 3 == 0) {
      fleet.start_worker(0);
    }
  }
  fleet.wait_until_ready();
  REQUIRE(servers.size() > 30);
  std::map<std::string, int> fates;
  for (const auto& [operation, id] : servers) {
    std::string status;
    eventually([&] { return (status = status_of(client, operation)) != "PENDING"; }, seconds(60));
    ++fates[status];
  }
  INFO("succeeded ", fates["SUCCEEDED"], ", rejected ", fates["REJECTED"], ", purged ",
       fates["PURGED"]);
  CHECK(fates["SUCCEEDED"] + fates["REJECTED"] + fates["PURGED"] ==
        static_cast<int>(servers.size()));
  const auto log = e2e::read_event_log(fleet);
  for (const auto& [operation, id] : servers) {
    CHECK(outcomes_of(log, id, operation) == 1);
  }
  CHECK(create_server(client, {.profile = "instant"})["status"].text() == "RUNNING");
}
