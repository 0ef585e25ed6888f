// Goal: the read models are nothing but a fold of the log.
// Method: fill the log with every kind of event, take a checksum of every table, drop them, start a
// projector, compare. Once the log is filled only a projector works, since other roles would append
// more: the bill's watermarks, the times up to which deadlines were applied. PENDING operations and
// JOURNAL's checkpoint are not made from EVENTS; what a rejected command had asked for comes from
// JOURNAL too, so both times that is waited for.

#include <map>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

namespace {

std::vector<std::string> tables_of(const std::string& url) {
  std::vector<std::string> tables;
  for (const harness::Row& row :
       harness::query(url,
                      "SELECT table_name FROM information_schema.tables "
                      "WHERE table_schema = 'vsim' AND table_type = 'BASE TABLE' "
                      "AND table_name NOT LIKE '%migration%' ORDER BY 1")) {
    tables.push_back(row.front());
  }
  return tables;
}

/// Rows and their checksum, by table.
std::map<std::string, std::string> checksums(const std::string& url) {
  std::map<std::string, std::string> sums;
  for (const std::string& table : tables_of(url)) {
    std::string where;
    if (table == "operations") {
      where = " WHERE status <> 'PENDING'";
    } else if (table == "projection_checkpoint") {
      where = " WHERE stream = 'EVENTS'";
    }
    sums[table] = harness::query_value(
        url,
        "SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, E'\\n' "
        "ORDER BY t::text)), '-') FROM vsim." +
            table + " t" + where);
  }
  return sums;
}

/// Servers in many states, rejections, a longer pool, a reaped server.
void fill(harness::HttpClient& client) {
  for (int i = 0; i < 40; ++i) {
    const std::string name = "r-" + std::to_string(i);
    const std::string id = create_server(client, {.name = name, .profile = "instant"})["id"].text();
    for (const char* action : {"stop", "stop", "start", "reboot", "terminate", "start"}) {
      if (i % 7 == 0) {
        break;
      }
      act(client, id, action);
      if (i % 3 == 0 && std::string(action) == "start") {
        break;
      }
    }
  }
  CHECK(client.post("/regions/eu-west-1/addresses", R"({"cidr":"10.1.0.0/28"})").status == 200);
  const std::string id =
      create_server(client, {.name = "slow", .region = "eu-west-1"})["id"].text();
  wait_for_status(client, id, "RUNNING");
}

/// Until all of EVENTS and JOURNAL is projected.
void wait_until_projected(harness::Fleet& fleet) {
  for (const std::string stream : {"EVENTS", "JOURNAL"}) {
    CAPTURE(stream);
    const auto last = e2e::end_of(fleet, stream);
    CHECK(harness::eventually(
        [&] {
          const auto found = harness::query(
              fleet.database_url(),
              "SELECT sequence FROM vsim.projection_checkpoint WHERE stream = '" + stream + "'");
          return found.size() == 1 && found.front().front() == std::to_string(last);
        },
        std::chrono::seconds(30)));
  }
}

/// Checksums of what a worker that only projects makes of the log.
std::map<std::string, std::string> project_and_sum(harness::Fleet& fleet) {
  fleet.start_worker(0, {{"ROLES", "projector"}});
  harness::HttpClient metrics(fleet.worker_port());
  REQUIRE(harness::eventually([&] { return metrics.get("/readyz").status == 200; },
                              std::chrono::seconds(30)));
  wait_until_projected(fleet);
  fleet.worker().terminate();
  return checksums(fleet.database_url());
}

void check_rebuild(const std::string& drop) {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  fill(client);
  fleet.worker().terminate();
  const auto before = project_and_sum(fleet);
  CHECK(before.size() >= 8);
  CHECK(before.at("servers").find("41 rows") == 0);

  std::vector<std::string> statements = {drop};
  if (drop.empty()) {
    statements.clear();
    for (const std::string& table : tables_of(fleet.database_url())) {
      statements.push_back("DROP TABLE vsim." + table + " CASCADE");
    }
  }
  for (const std::string& statement : statements) {
    harness::query(fleet.database_url(), statement);
  }
  const auto after = project_and_sum(fleet);
  for (const auto& [table, sum] : before) {
    CAPTURE(table);
    REQUIRE(after.count(table) == 1);
    CHECK(after.at(table) == sum);
  }
  CHECK(client.get("/servers?limit=1").json()["total"].integer() == 41);
}

}  // namespace

TEST_CASE("dropped tables come back equal") { check_rebuild(""); }

TEST_CASE("a dropped schema comes back equal") { check_rebuild("DROP SCHEMA vsim CASCADE"); }

TEST_CASE("one dropped table is enough to make all anew") {
  check_rebuild("DROP TABLE vsim.servers CASCADE");
}
