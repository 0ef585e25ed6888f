// Goal: `vsimctl verify` finds whatever is not as the log says, and nothing else. Method: a system
// that has lived a little verifies clean, also while it is at work and after a rebuild; then one
// value is changed in each table in turn, and a state that no event makes is appended to the log.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/storm.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::HttpClient;
using harness::Output;

namespace {

void live_a_little(HttpClient& client) {
  for (int i = 0; i < 6; ++i) {
    const std::string id =
        create_server(client, {.name = "v-" + std::to_string(i), .profile = "instant"})["id"]
            .text();
    for (const char* action : {"stop", "stop", "start"}) {
      act(client, id, action);
    }
    if (i % 2 == 0) {
      act(client, id, "terminate");
    }
  }
  CHECK(client.post("/regions/eu-west-1/addresses", R"({"cidr":"10.1.0.0/28"})").status == 200);
  CHECK(client.post("/clock", R"({"advance_seconds":7200})").status == 200);
}

void check_clean(Fleet& fleet) {
  const Output output = fleet.vsimctl({"verify"});
  CHECK_MESSAGE(output.ending.clean(), output.text);
  CHECK_MESSAGE(output.text.find("no difference") != std::string::npos, output.text);
}

/// Exit status 1, and the text in the last line.
void check_found(const Output& output, const std::string& text) {
  CHECK(output.ending.code == 1);
  CHECK_MESSAGE(output.text.find(text) != std::string::npos, output.text);
}

void check_nothing_left(Fleet& fleet) {
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'vsim_%'") ==
        "0");
}

}  // namespace

TEST_CASE("a system at work verifies clean, also after a rebuild") {
  Fleet fleet({.settings = {{"PROFILE", "instant"}}});
  HttpClient client = fleet.client();
  live_a_little(client);
  check_clean(fleet);
  e2e::Storm storm(fleet, 11, 3);
  REQUIRE(storm.wait_for_more(50));
  check_clean(fleet);
  CHECK(fleet.vsimctl({"rebuild", "--yes"}).ending.clean());
  check_clean(fleet);
  check_truth(fleet, storm.finish());
  check_nothing_left(fleet);
}

TEST_CASE("one changed value in any table is found and named") {
  Fleet fleet;
  HttpClient client = fleet.client();
  live_a_little(client);
  fleet.worker().terminate();  // nobody else writes now
  const std::pair<std::string, std::string> changes[] = {
      {"servers", "name"},
      {"server_events", "message"},
      {"server_counts", "servers"},
      {"operations", "detail"},
      {"addresses", "last_claim"},
      {"regions", "name"},
      {"instance_types", "hourly_rate"},
      {"clock", "version"},
      {"billing_watermarks", "version"},
      {"billing_periods", "settled_before"},
  };
  for (const auto& [table, column] : changes) {
    CAPTURE(table);
    const std::string name = "vsim." + table;
    harness::query(fleet.database_url(), "CREATE TABLE kept AS TABLE " + name);
    const bool text = column == "name" || column == "message" || column == "detail";
    harness::query(fleet.database_url(), "UPDATE " + name + " SET " + column + " = " + column +
                                             (text ? " || '-changed'" : " + 77") +
                                             " WHERE ctid = (SELECT min(ctid) FROM " + name + ")");
    check_found(fleet.vsimctl({"verify"}), "table " + table + ", row ");
    if (table == "clock") {  // it has a column that nobody writes
      harness::query(fleet.database_url(), "UPDATE vsim.clock SET version = version - 77");
    } else {
      harness::query(fleet.database_url(), "TRUNCATE " + name);
      harness::query(fleet.database_url(), "INSERT INTO " + name + " TABLE kept");
    }
    harness::query(fleet.database_url(), "DROP TABLE kept");
  }
  check_clean(fleet);
  harness::query(fleet.database_url(),
                 "DELETE FROM vsim.server_events WHERE ctid = (SELECT min(ctid) FROM"
                 " vsim.server_events)");
  check_found(fleet.vsimctl({"verify"}), "expected a row, found no such row");
  harness::query(fleet.database_url(),
                 "UPDATE vsim.projection_checkpoint SET hash = 'x' WHERE stream = 'EVENTS'");
  check_found(fleet.vsimctl({"verify"}), "projection_checkpoint, row EVENTS");
  check_nothing_left(fleet);
}

TEST_CASE("a state that no event makes is found in the log") {
  Fleet fleet;
  HttpClient client = fleet.client();
  live_a_little(client);
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(act(client, id, "stop").status == 200);
  const std::string subject = "vsim.evt.server.us-east-1." + id;
  const std::string last =
      fleet.nats_cli({"stream", "get", "EVENTS", "--last-for", subject, "--json"}).text;
  std::string payload =
      fleet.nats_cli({"req", "$JS.API.DIRECT.GET.EVENTS." + subject, "", "--raw"}).text;
  payload = payload.substr(payload.find('{'));
  // The same event once more, as the next version, and the server has another type all at once;
  // by the only user who may.
  const auto replace = [&](const std::string& what, const std::string& with, bool everywhere) {
    auto at = payload.find(what);
    REQUIRE_MESSAGE(at != std::string::npos, payload, last);
    for (; at != std::string::npos; at = payload.find(what, at + with.size())) {
      payload.replace(at, what.size(), with);
      if (!everywhere) {
        break;
      }
    }
  };
  replace(R"("version":2)", R"("version":3)", true);
  replace(R"("instance_type":"t2.micro")", R"("instance_type":"t2.large")", false);
  const Output published = fleet.nats_cli_as("admin", {"pub", subject, payload});
  REQUIRE_MESSAGE(published.ending.clean(), published.text);
  const auto end = e2e::end_of(fleet, "EVENTS");
  CHECK(harness::eventually([&] {
    return std::stoll(harness::query_value(fleet.database_url(),
                                           "SELECT sequence FROM vsim.projection_checkpoint"
                                           " WHERE stream = 'EVENTS'")) >= end;
  }));
  const Output output = fleet.vsimctl({"verify"});
  check_found(output, "server " + id +
                          " version 3: state.instance_type: expected \"t2.micro\", "
                          "found \"t2.large\"");
  check_nothing_left(fleet);
}

TEST_CASE("where nothing can be compared, a line says so") {
  Fleet fleet;
  fleet.worker().terminate();
  harness::query(fleet.database_url(), "DROP SCHEMA vsim CASCADE");
  check_found(fleet.vsimctl({"verify"}), "there are no read models to verify");
  fleet.postgres().kill();
  check_found(fleet.vsimctl({"verify"}), "Postgres does not answer");
  fleet.nats().kill();
  check_found(fleet.vsimctl({"verify"}), "NATS at");
}
