// Goal: a message of EVENTS that the broker's disk has damaged is told with its sequence, and
// nothing is built over the hole that it leaves. Method: one bit of a stored event is changed while
// the broker is down; the broker then leaves the event out without a word.

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
