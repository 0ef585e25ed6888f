// Goal: a message of EVENTS that the broker's disk has damaged is reported with its sequence, and
// nothing is decided or projected past it. Method: one bit of a stored event is changed while the
// broker is down; the broker then leaves the event out without notice.

#include <doctest/doctest.h>

#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::HttpClient;
using harness::Output;

namespace {

/// Makes three servers and damages the event of the second; what is said of it then.
std::string damage(Fleet& fleet) {
  HttpClient client = fleet.client();
  for (const char* name : {"first", "bit-rot", "third"}) {
    create_server(client, {.name = name, .profile = "instant"});
  }
  const std::string sequence =
      harness::query_value(fleet.database_url(),
                           "SELECT e.sequence FROM server_events e JOIN servers s "
                           "ON s.id = e.server_id WHERE s.name = 'bit-rot'");
  fleet.nats().restart_damaged("bit-rot");
  return "message " + sequence + " of EVENTS is lost";
}

void check_says(const std::string& text, const std::string& words) {
  CHECK_MESSAGE(text.find(words) != std::string::npos, text);
}

}  // namespace

TEST_CASE("verify and rebuild name the lost message and leave the read models as they are") {
  Fleet fleet;
  const std::string lost = damage(fleet);
  fleet.wait_until_ready();
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"verify"}, std::vector<std::string>{"rebuild", "--yes"}}) {
    const Output output = fleet.vsimctl(command);
    CHECK(output.ending.code != 0);
    check_says(output.text, lost);
    check_says(output.text, "The log is damaged");
  }
  HttpClient client = fleet.client();
  CHECK(client.get("/servers").json()["total"].integer() == 3);
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'vsim_%'") ==
        "0");
}

TEST_CASE("a projector that meets a lost message stops before it and says so, as the doctor does") {
  Fleet fleet;
  const std::string lost = damage(fleet);
  fleet.worker().terminate();
  harness::query(fleet.database_url(), "DROP SCHEMA vsim CASCADE");
  fleet.start_worker();
  HttpClient worker(fleet.worker_port());
  CHECK(harness::eventually([&] { return fleet.worker_metric("vsim_projection_stopped") == 1; }));
  const auto readiness = worker.get("/readyz");
  CHECK(readiness.status == 503);
  check_says(readiness.body, lost);
  const Output doctor = fleet.vsimctl({"doctor"});
  check_says(doctor.text, lost);
  check_says(doctor.text, "The log is damaged");
  CHECK(fleet.client().get("/servers?name=first").json()["total"].integer() == 1);
  CHECK(fleet.client().get("/servers?name=third").json()["total"].integer() == 0);
}

TEST_CASE(
    "on a server whose last event is lost nobody decides, and others go on (issue 20, D.17)") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string damaged =
      create_server(client, {.name = "bit-rot", .profile = "instant"})["id"].text();
  const std::string whole = create_server(client, {.profile = "instant"})["id"].text();
  std::string text = "bit-rot";  // of its first event, which is its only one
  bool restarted = false;        // the worker has not seen the event; Postgres has
  SUBCASE("the only one, which the worker has seen") {}
  SUBCASE("the only one, seen by the read models alone") { restarted = true; }
  SUBCASE("with others before it, seen by the read models alone") {
    REQUIRE(act(client, damaged, "stop", {{"X-Request-Id", "rotten-stop"}}).status == 200);
    create_server(client, {.profile = "instant"});  // the checkpoint is another event's
    text = "rotten-stop";
    restarted = true;
  }
  SUBCASE("with the clock's last event behind it") {
    REQUIRE(client.post("/clock", R"({"advance_seconds":60})").status == 200);
    restarted = true;
  }
  const std::string sequence = harness::query_value(
      fleet.database_url(),
      "SELECT max(sequence) FROM server_events WHERE server_id = '" + damaged + "'");
  if (restarted) {
    fleet.worker().terminate();
  }
  fleet.nats().restart_damaged(text);
  if (restarted) {
    fleet.start_worker();
  }
  fleet.wait_until_ready();

  const harness::HttpHeaders at_once = {{"Prefer", "respond-async"}};
  const auto accepted = act(client, damaged, text == "bit-rot" ? "stop" : "start", at_once);
  REQUIRE_MESSAGE(accepted.status == 202, harness::describe(accepted));
  HttpClient worker(fleet.worker_port());
  std::string reasons;
  CHECK_MESSAGE(harness::eventually([&] {
                  reasons = worker.get("/readyz").body;
                  return reasons.find("message " + sequence + " of EVENTS is lost") !=
                         std::string::npos;
                }),
                reasons);
  check_says(reasons, "The log is damaged");
  CHECK(fleet.worker_metric("vsim_log_unsound") == 1);
  // The others go on, and the read models with them.
  CHECK(act(client, whole, "stop").status == 200);
  CHECK(create_server(client, {.profile = "instant"})["status"].text() == "RUNNING");
  CHECK(fleet.worker_metric("vsim_projection_stopped") == 0);
  // It waits in the worker's hand, neither decided nor buried, and that costs it no delivery.
  CHECK(harness::eventually([&] {
    const Output facts = fleet.nats_cli({"consumer", "info", "COMMANDS", "commands", "--json"});
    const harness::Json info = harness::Json::parse(facts.text);
    return fleet.worker_metric("vsim_commands_held") == 1 &&
           info["num_ack_pending"].integer() == 1 && info["num_redelivered"].integer() == 0;
  }));
  CHECK(client.get(accepted.header("Location")).json()["status"].text() == "PENDING");
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT max(sequence) FROM server_events WHERE server_id = '" +
                                 damaged + "'") == sequence);
}
