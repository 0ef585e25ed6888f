// Goal: who looks again is told that nothing has changed, and who acts on what he saw is stopped
// when the server has moved on, exactly, also while others write.
// Method: ETags of answers sent back in If-None-Match and If-Match, one by one and many at once.

#include <atomic>
#include <barrier>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;

namespace {

HttpAnswer get_unless(HttpClient& client, const std::string& id, const std::string& tags) {
  return client.get("/servers/" + id, {{"If-None-Match", tags}});
}

std::string tag_of(HttpClient& client, const std::string& id) {
  return client.get("/servers/" + id).header("ETag");
}

}  // namespace

TEST_CASE("a server's ETag is its version, on reads and on writes") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const HttpAnswer created = client.post("/servers", harness::create_body({.profile = "instant"}));
  REQUIRE_MESSAGE(created.status == 201, told(created));
  CHECK(created.header("ETag") == "\"1\"");
  const std::string id = created.json()["id"].text();
  CHECK(tag_of(client, id) == "\"1\"");
  const HttpAnswer stopped = act(client, id, "stop");
  CHECK(stopped.header("ETag") == "\"2\"");
  CHECK(tag_of(client, id) == "\"2\"");
}

TEST_CASE("a reader who has the version gets 304 and no body, any other the server") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (const std::string same : {"\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"}) {
    CAPTURE(same);
    const HttpAnswer answer = get_unless(client, id, same);
    CHECK_MESSAGE(answer.status == 304, told(answer));
    CHECK(answer.body.empty());
    CHECK(answer.header("ETag") == "\"1\"");
    CHECK(client.connected());
  }
  for (const std::string other : {"\"2\"", "\"01\"", "\"\""}) {
    CAPTURE(other);
    const HttpAnswer answer = get_unless(client, id, other);
    CHECK_MESSAGE(answer.status == 200, told(answer));
    CHECK(answer.json()["id"].text() == id);
  }
  REQUIRE(act(client, id, "stop").status == 200);
  CHECK(get_unless(client, id, "\"1\"").status == 200);
  CHECK(get_unless(client, id, "1").status == 400);
}

TEST_CASE("a write meant for another version is 412 and changes nothing") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  for (const std::string stale : {"\"7\"", "W/\"1\"", "\"x\""}) {
    CAPTURE(stale);
    const HttpAnswer refused = act(client, id, "stop", {{"If-Match", stale}});
    CHECK_MESSAGE(refused.status == 412, told(refused));
    CHECK(refused.code() == "precondition_failed");
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  const std::string now = tag_of(client, id);
  CHECK(act(client, id, "stop", {{"If-Match", "\"1\", " + now}}).status == 200);
  CHECK(act(client, id, "start", {{"If-Match", "*"}}).status == 200);
  const HttpAnswer removed = client.del("/servers/" + id, {{"If-Match", now}});
  CHECK_MESSAGE(removed.status == 412, told(removed));
  CHECK(client.del("/servers/" + id, {{"If-Match", tag_of(client, id)}}).status == 200);
}

TEST_CASE("If-Match is refused where there is no version to match") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  const harness::HttpHeaders match = {{"If-Match", "\"1\""}};
  CHECK(client.post("/servers", harness::create_body(), match).status == 400);
  CHECK(client.post("/clock", R"({"scale":2})", match).status == 400);
  CHECK(client.post("/regions/us-east-1/addresses", R"({"cidr":"10.9.0.0/30"})", match).status ==
        400);
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(act(client, id, "stop", {{"If-Match", "1"}}).status == 400);
  CHECK(client.get("/servers?limit=1").json()["total"].integer() == 1);
}

TEST_CASE("of many who saw the same version one acts, and each other is told 412 or to wait") {
  harness::Fleet fleet({.apis = 2, .workers = 2});
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  constexpr int writers = 8;
  for (int round = 0; round < 5; ++round) {
    const std::string seen = tag_of(client, id);
    std::atomic<int> done{0};
    std::atomic<int> stopped{0};
    std::barrier<> start(writers);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < writers; ++i) {
        threads.emplace_back([&, i] {
          HttpClient own = fleet.client(static_cast<std::size_t>(i % 2));
          own.get("/healthz");
          start.arrive_and_wait();
          const int status = act(own, id, "reboot", {{"If-Match", seen}}).status;
          done += status == 200;
          stopped += status == 412 || status == 409;
        });
      }
    }
    CHECK(done == 1);
    CHECK(stopped == writers - 1);
  }
}
