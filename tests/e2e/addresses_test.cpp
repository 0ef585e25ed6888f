// Goal: a region gives out exactly the addresses it has, each once, however many workers compete;
// two regions are two networks. Method: 3 workers, 16 clients, 400 creates on the 100 addresses of
// us-east-1; two regions with one address free, the same.

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/database.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

TEST_CASE("of 400 creates on 100 addresses exactly 100 succeed, each with its own address") {
  harness::Fleet fleet({.workers = 3});
  constexpr int creates = 400;
  std::atomic<int> next{0};
  std::mutex mutex;
  std::set<std::string> addresses;
  int created = 0;
  int refused = 0;
  std::vector<std::string> unexpected;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 16; ++i) {
      clients.emplace_back([&] {
        harness::HttpClient client = fleet.client();
        while (next++ < creates) {
          const harness::HttpAnswer answer = client.post("/servers", harness::create_body());
          const std::lock_guard lock(mutex);
          if (answer.status == 201) {
            ++created;
            addresses.insert(answer.json()["ip"].text());
          } else if (answer.status == 409 && answer.code() == "no_free_address") {
            ++refused;
          } else {
            unexpected.push_back(describe(answer));
          }
        }
      });
    }
  }
  CHECK_MESSAGE(unexpected.empty(), unexpected.front());
  CHECK(created == 100);
  CHECK(addresses.size() == 100);
  CHECK(refused == 300);
  const harness::Json regions = fleet.client().get("/regions").json();
  for (const harness::Json& region : regions["items"].elements()) {
    CHECK(region["addresses_total"].integer() == 100);
    CHECK(region["addresses_free"].integer() == (region["name"].text() == "us-east-1" ? 0 : 100));
  }
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT count(DISTINCT server_id) FROM vsim.ip_pool "
                             "WHERE region = 'us-east-1' AND server_id IS NOT NULL") == "100");
}

TEST_CASE("two regions may have the same address, each for a server of its own: issue 12, 4") {
  const harness::SchemaCopy schema;
  schema.replace("regions.json", "192.168.10.100", "192.168.10.1");
  schema.replace("regions.json", R"("192.168.20.1", "last": "192.168.20.100")",
                 R"("192.168.10.1", "last": "192.168.10.1")");
  harness::Fleet fleet({.schema_dir = schema.path()});
  harness::HttpClient client = fleet.client();
  for (const char* region : {"us-east-1", "eu-west-1"}) {
    CHECK(create_server(client, {.region = region, .profile = "instant"})["ip"].text() ==
          "192.168.10.1");
    CHECK(client.post("/servers", harness::create_body({.region = region})).code() ==
          "no_free_address");
  }
  CHECK(fleet.vsimctl({"verify"}).ending.clean());
}
