// Goal: a server made over HTTP goes through its lifecycle by itself, and gives its address back.
// Method: one API and one worker, time ten times as fast, each claim over raw HTTP answers.

#include <memory>
#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/lifecycle_set.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

namespace {

struct OneOfEach {
  OneOfEach() {
    schema.replace("regions.json", "192.168.20.100", "192.168.20.2");
    fleet = std::make_unique<harness::Fleet>(
        harness::FleetOptions{.settings = {{"TIME_SCALE", "10"}}, .schema_dir = schema.path()});
    client = std::make_unique<harness::HttpClient>(fleet->client());
  }
  harness::SchemaCopy schema;
  std::unique_ptr<harness::Fleet> fleet;
  std::unique_ptr<harness::HttpClient> client;
};

}  // namespace

TEST_CASE_FIXTURE(OneOfEach, "a server goes through its whole life, and each claim of it holds") {
  const e2e::Clients clients{*client, *client};
  SUBCASE("states") {
    e2e::check_whole_life(clients);
    e2e::check_refusals(clients);
    e2e::check_delete(clients);
  }
  SUBCASE("profiles and time") {
    e2e::check_profiles(clients);
    e2e::check_reaping(clients);
  }
  SUBCASE("log and addresses") {
    e2e::check_log(clients);
    e2e::check_address_reuse(clients, "eu-west-1");
  }
}

TEST_CASE_FIXTURE(OneOfEach, "lists filter, count, page and refuse what they do not know") {
  for (int i = 0; i < 5; ++i) {
    create_server(*client, {.name = "list-" + std::to_string(i), .profile = "instant"});
  }
  harness::Json page = client->get("/servers?limit=2").json();
  CHECK(page["total"].integer() == 5);
  CHECK(page["limit"].integer() == 2);
  REQUIRE(page["items"].size() == 2);
  CHECK(page["items"].at(0)["name"].text() == "list-4");  // newest first
  CHECK(harness::all_servers(*client).size() == 5);
  page = client->get("/servers?limit=2&cursor=" + page["next_cursor"].text()).json();
  CHECK(page["items"].at(0)["name"].text() == "list-2");
  page = client->get("/servers?limit=2&offset=4").json();
  CHECK(page["items"].size() == 1);
  CHECK(page["next_cursor"].is_null());
  CHECK(client->get("/servers?name=list-3").json()["total"].integer() == 1);
  CHECK(client->get("/servers?status=STOPPED").json()["total"].integer() == 0);
  CHECK(client->get("/servers?region=us-east-1&type=t2.micro").json()["total"].integer() == 5);
}

TEST_CASE_FIXTURE(OneOfEach, "/server is an alias, tags come back and can be asked for") {
  const harness::HttpAnswer created =
      client->post("/server", R"({"name":"tagged","region":"us-east-1","type":"t2.micro",)"
                              R"("profile":"instant","tags":{"team":"blue","tier":"web"}})");
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  CHECK(created.json()["tags"]["team"].text() == "blue");
  CHECK(client->get("/servers?tag.team=blue").json()["total"].integer() == 1);
  CHECK(client->get("/servers?tag.team=red").json()["total"].integer() == 0);
}

TEST_CASE_FIXTURE(OneOfEach, "a pool can be extended, again and again with the same range") {
  const auto total = [&] {
    for (const harness::Json& region : client->get("/regions").json()["items"].elements()) {
      if (region["name"].text() == "eu-west-1") {
        return region["addresses_total"].integer();
      }
    }
    return std::int64_t{-1};
  };
  CHECK(total() == 2);
  for (int time = 0; time < 2; ++time) {
    const harness::HttpAnswer answer =
        client->post("/regions/eu-west-1/addresses", R"({"first":"10.9.0.1","last":"10.9.0.3"})");
    CHECK_MESSAGE(answer.status == 200, describe(answer));
    CHECK(total() == 5);
  }
  std::set<std::string> addresses;
  for (int i = 0; i < 5; ++i) {
    addresses.insert(
        create_server(*client, {.region = "eu-west-1", .profile = "instant"})["ip"].text());
  }
  CHECK(addresses.size() == 5);
}
