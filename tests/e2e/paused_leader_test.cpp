// Goal: a paused worker delays no other, whatever role it was active in when it was paused.
// Method: of two workers with all roles, the one that projects is stopped by SIGSTOP, which leaves
// its session with Postgres and so its locks in place; then servers must still come to life. It
// wakes up, and what it does then changes nothing.

#include <csignal>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

namespace {

std::size_t projecting_worker(harness::Fleet& fleet) {
  for (std::size_t i = 0; i < fleet.workers(); ++i) {
    harness::HttpClient client(fleet.worker_port(i));
    if (client.get("/readyz").json()["facts"]["projector_active"].text() == "true") {
      return i;
    }
  }
  FAIL("no worker projects");
  return 0;
}

}  // namespace

TEST_CASE("with the projecting worker paused, servers are created, run and can be read") {
  harness::Fleet fleet({.workers = 2, .settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  wait_for_status(client, create_server(client)["id"].text(), "RUNNING");

  const auto leader = projecting_worker(fleet);
  fleet.worker(leader).signal(SIGSTOP);
  // Commands that the paused one had asked for come back after the ack wait only; others do not.
  std::vector<std::string> ids;
  harness::eventually(
      [&] {
        const auto created = client.post("/servers", R"({"name":"web","region":"us-east-1",)"
                                                     R"("type":"t2.micro"})");
        if (created.status == 201) {
          ids.push_back(created.json()["id"].text());
        }
        return ids.size() >= 5;
      },
      std::chrono::seconds(90));
  REQUIRE(ids.size() >= 5);
  for (const auto& id : ids) {
    wait_for_status(client, id, "RUNNING");
  }

  fleet.worker(leader).signal(SIGCONT);
  const auto id = create_server(client)["id"].text();
  wait_for_status(client, id, "RUNNING");
  CHECK(harness::eventually([&] {
    harness::HttpClient one(fleet.worker_port(0));
    harness::HttpClient other(fleet.worker_port(1));
    return one.get("/readyz").status == 200 && other.get("/readyz").status == 200;
  }));
  // Addresses that are taken are those of the servers that live: nothing was projected twice.
  std::size_t alive = 0;
  for (const auto& [server_id, server] : all_servers(client)) {
    alive += server["status"].text() != "TERMINATED";
  }
  const auto taken = client.get("/regions").json()["items"].elements();
  CHECK(taken.at(1)["name"].text() == "us-east-1");
  CHECK(taken.at(1)["addresses_free"].integer() == 100 - static_cast<std::int64_t>(alive));
}
