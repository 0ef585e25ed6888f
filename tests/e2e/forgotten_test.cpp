// Goal: a program that needs what the broker has lost or forgotten notices it, and makes it again
// or reports it; no acknowledged command is unknown meanwhile (issue 20, D.19). Method: consumers
// and JOURNAL are deleted under running programs, and JOURNAL while nobody projects.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Json;
using std::chrono::seconds;

namespace {

const harness::HttpHeaders at_once = {{"Prefer", "respond-async"}};

void as_admin(Fleet& fleet, const std::vector<std::string>& arguments) {
  const harness::Output output = fleet.nats_cli_as("admin", arguments);
  REQUIRE_MESSAGE(output.ending.clean(), output.text);
}

std::string stop_later(HttpClient& client, const std::string& server) {
  const auto accepted = act(client, server, "stop", at_once);
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  return accepted.header("Location");
}

void make_journal_anew(Fleet& fleet) {
  as_admin(fleet, {"stream", "rm", "JOURNAL", "-f"});
  expect(0, fleet.vsimctl({"migrate"}));
}

}  // namespace

TEST_CASE("a worker whose consumer of the log is deleted goes on: time, bills and read models") {
  Fleet fleet;
  HttpClient client = fleet.client();
  for (int round = 0; round < 2; ++round) {
    const Json names = Json::parse(fleet.nats_cli({"consumer", "ls", "EVENTS", "--json"}).text);
    REQUIRE(names.size() >= 2);  // the view's and the projector's
    for (std::size_t i = 0; i < names.size(); ++i) {
      as_admin(fleet, {"consumer", "rm", "EVENTS", names.at(i).text(), "-f"});
    }
    const std::string id = create_server(client)["id"].text();
    const auto advanced = client.post("/clock", R"({"advance_seconds": 3600})");
    CHECK_MESSAGE(advanced.status == 200, describe(advanced));
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
  }
}

TEST_CASE("a worker says that its consumer of the queue is gone, and goes on when it is back") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  as_admin(fleet, {"consumer", "rm", "COMMANDS", "commands", "-f"});
  HttpClient worker(fleet.worker_port());
  CHECK(eventually([&] {
    const auto ready = worker.get("/readyz");
    return ready.status == 503 && ready.body.find("consumer commands") != std::string::npos;
  }));
  const std::string operation = stop_later(client, id);
  expect(0, fleet.vsimctl({"migrate"}));
  wait_for_status(client, id, "STOPPED", seconds(30));
  CHECK(client.get(operation).json()["status"].text() == "SUCCEEDED");
  fleet.wait_until_ready();
}

TEST_CASE("an API says that the consumer of the queue is gone, and all else that is wrong") {
  Fleet fleet;
  HttpClient api = fleet.client();
  const auto says = [&api](const std::string& text) {
    return eventually([&] { return api.get("/readyz").body.find(text) != std::string::npos; });
  };
  as_admin(fleet, {"consumer", "rm", "COMMANDS", "commands", "-f"});
  CHECK(says("the consumer of COMMANDS cannot be asked"));
  fleet.worker().terminate();  // before it is told that it projects another log
  harness::query(fleet.database_url(),
                 "UPDATE vsim.projection_checkpoint SET hash = 'other' WHERE stream = 'EVENTS'");
  CHECK(says("the log went backwards"));
  CHECK(says("the consumer of COMMANDS cannot be asked"));

  expect(0, fleet.vsimctl({"migrate"}));
  CHECK(says("no worker takes commands"));
  expect(0, fleet.vsimctl({"rebuild", "--yes"}));
  fleet.start_worker();
  fleet.wait_until_ready();
}

TEST_CASE("a JOURNAL made anew while nobody projects makes no acknowledged command unknown") {
  Fleet fleet;
  HttpClient client = fleet.client();
  std::vector<std::string> servers;
  for (int i = 0; i < 4; ++i) {
    servers.push_back(create_server(client, {.profile = "instant"})["id"].text());
  }
  fleet.worker().terminate();
  std::vector<std::string> operations = {stop_later(client, servers[0]),
                                         stop_later(client, servers[1])};
  make_journal_anew(fleet);
  operations.push_back(stop_later(client, servers[2]));
  const auto none_is_unknown = [&] {
    for (const auto& operation : operations) {
      const auto answer = client.get(operation);
      if (answer.status == 404) {
        FAIL_CHECK(describe(answer));
      }
    }
    return true;
  };
  CHECK(none_is_unknown());
  CHECK(client.get(operations[0]).json()["status"].text() == "PENDING");

  fleet.start_worker(0, {{"ROLES", "projector"}});
  const auto projected = [&] {
    HttpClient worker(fleet.worker_port());
    return worker.get("/readyz").status == 200 &&
           client.get("/operations?status=PENDING").json()["items"].size() == 3;
  };
  CHECK(eventually([&] { return none_is_unknown() && projected(); }, seconds(20)));
  fleet.worker().terminate();

  // Decided while nobody projects: it waits no more, and cannot be seen yet.
  fleet.start_worker(0, {{"ROLES", "commands"}});
  CHECK(eventually([&] { return none_is_unknown() && e2e::waiting_commands(fleet) == 0; },
                   seconds(30)));
  operations.push_back(stop_later(client, servers[3]));
  CHECK(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
  const auto unseen = client.get(operations.back());
  CHECK_MESSAGE(unseen.status == 503, describe(unseen));
  fleet.worker().terminate();
  fleet.start_worker(0);
  for (const auto& operation : operations) {
    CHECK(eventually([&] { return operation_status(client, operation) == "SUCCEEDED"; },
                     seconds(20)));
  }
}

TEST_CASE("a JOURNAL made anew under running workers loses no command that waits") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string other = create_server(client, {.profile = "instant"})["id"].text();
  as_admin(fleet, {"consumer", "pause", "COMMANDS", "commands", "1h", "-f"});
  const std::string first = stop_later(client, id);
  make_journal_anew(fleet);
  const std::string second = stop_later(client, other);
  CHECK(eventually(
      [&] {
        CHECK(client.get(first).status == 200);
        CHECK(client.get(second).status == 200);
        const auto copy = fleet.nats_cli(
            {"stream", "get", "JOURNAL", "--last-for", "vsim.journal.us-east-1." + id});
        return copy.ending.clean();
      },
      seconds(20)));
}
