// Goal: the documented way to extend a pool with psql works, can be repeated, and refuses what it
// cannot do. Method: the statement of the runbook on the fleet's database; then the API's pool.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

namespace {

const std::string hundred =
    "INSERT INTO vsim.ip_pool (region, ip) SELECT 'us-east-1', ('192.168.10.'||g)::inet"
    " FROM generate_series(101, 200) g";

std::int64_t addresses(harness::HttpClient& client, const std::string& region) {
  for (const auto& one : client.get("/regions").json()["items"].elements()) {
    if (one["name"].text() == region) {
      return one["addresses_total"].integer();
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("addresses inserted into ip_pool are in the pool within seconds, once") {
  harness::Fleet fleet({.workers = 2});
  harness::HttpClient client = fleet.client();
  REQUIRE(addresses(client, "us-east-1") == 100);
  harness::query(fleet.database_url(), hundred);
  CHECK(harness::eventually([&] { return addresses(client, "us-east-1") == 200; }));
  harness::query(fleet.database_url(), hundred);  // repeated
  harness::query(fleet.database_url(),
                 "INSERT INTO vsim.ip_pool (region, ip) SELECT 'eu-west-1', ('10.1.0.'||2*g)::inet"
                 " FROM generate_series(1, 40) g");  // no two are neighbours: 40 commands, one slot
  CHECK(harness::eventually([&] { return addresses(client, "eu-west-1") == 140; },
                            std::chrono::seconds(20)));
  CHECK(harness::eventually([&] {
    return harness::query_value(fleet.database_url(),
                                "SELECT count(*) FROM operator.outbox WHERE sent_at IS NULL") ==
           "0";
  }));
  CHECK(addresses(client, "us-east-1") == 200);
  const harness::Json first = client.get("/operations?region=us-east-1").json()["items"].at(0);
  CHECK(first["type"].text() == "extend_pool");
  CHECK(first["status"].text() == "SUCCEEDED");
}

TEST_CASE("the pool can be extended with psql while the broker is away, and is when it is back") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  fleet.nats().kill();
  harness::query(fleet.database_url(), hundred);
  fleet.nats().restart();
  CHECK(harness::eventually([&] { return addresses(client, "us-east-1") == 200; },
                            std::chrono::seconds(30)));
}

TEST_CASE("a row of an older build that no server can have is refused, the others go on") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  // As the table took them before it knew: issue 12, 4.
  harness::query(fleet.database_url(),
                 "INSERT INTO operator.outbox (region, ip) VALUES ('us-east-1', '127.0.0.1'),"
                 " ('us-east-1', '10.2.0.1')");
  CHECK(harness::eventually([&] { return addresses(client, "us-east-1") == 101; }));
  CHECK(harness::eventually([&] {
    return harness::query_value(
               fleet.database_url(),
               "SELECT count(*) FROM operator.outbox WHERE refused LIKE '%loopback%'"
               " AND ip = '127.0.0.1'") == "1";
  }));
}
