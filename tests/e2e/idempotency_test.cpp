// Goal: one Idempotency-Key is one command: the same answer for ever, whatever restarts, and no
// second use for something else.
// Method: repeats one after the other, at the same instant, after restarts, in two regions.

#include <barrier>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::create_body;
using harness::HttpAnswer;
using harness::HttpHeaders;

namespace {

HttpHeaders key(const std::string& value) { return {{"Idempotency-Key", value}}; }

std::int64_t total(harness::HttpClient& client) {
  return client.get("/servers?limit=1").json()["total"].integer();
}

/// The same moment for all bodies, each with the key; the answers.
std::vector<HttpAnswer> at_once(harness::Fleet& fleet, const std::vector<std::string>& bodies,
                                const std::string& with_key) {
  std::barrier<> start(static_cast<std::ptrdiff_t>(bodies.size()));
  std::vector<HttpAnswer> answers(bodies.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    threads.emplace_back([&, i] {
      harness::HttpClient client = fleet.client(i % 2);
      client.get("/healthz");
      start.arrive_and_wait();
      answers[i] = client.post("/servers", bodies[i], key(with_key));
    });
  }
  threads.clear();
  return answers;
}

}  // namespace

TEST_CASE("the same key and request give the same server, also after everything restarted") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string body = create_body({.profile = "instant"});
  const HttpAnswer first = client.post("/servers", body, key("order-1"));
  REQUIRE_MESSAGE(first.status == 201, told(first));
  const std::string id = first.json()["id"].text();
  const std::string other_spelling =
      R"({ "type":"t2.micro","profile":"instant", "name":"web-1","region":"us-east-1" })";
  for (const std::string& same : {body, other_spelling}) {
    const HttpAnswer again = client.post("/servers", same, key("order-1"));
    CHECK_MESSAGE(again.status == 201, told(again));
    CHECK(again.json()["id"].text() == id);
  }
  const HttpAnswer stop = act(client, id, "stop", key("stop-1"));
  CHECK_MESSAGE(stop.status == 200, told(stop));

  fleet.api().kill();
  fleet.worker().kill();
  fleet.nats().restart();
  fleet.postgres().restart();
  fleet.start_api();
  fleet.start_worker();
  fleet.wait_until_ready();
  const HttpAnswer later = client.post("/servers", body, key("order-1"));
  CHECK_MESSAGE(later.status == 201, told(later));
  CHECK(later.json()["id"].text() == id);
  const HttpAnswer stopped = act(client, id, "stop", key("stop-1"));
  CHECK_MESSAGE(stopped.status == 200, told(stopped));
  CHECK(total(client) == 1);
  CHECK(get_server(client, id)["version"].integer() == 2);
}

TEST_CASE("the same key for another request is 422, also for another region") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  REQUIRE(client.post("/servers", create_body({.profile = "instant"}), key("k")).status == 201);
  for (const std::string& other : {create_body({.name = "another", .profile = "instant"}),
                                   create_body({.region = "eu-west-1", .profile = "instant"})}) {
    const HttpAnswer answer = client.post("/servers", other, key("k"));
    CHECK_MESSAGE(answer.status == 422, told(answer));
    CHECK(answer.code() == "idempotency_mismatch");
  }
  CHECK(total(client) == 1);
}

TEST_CASE("a rejection is final for its key") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(act(client, id, "start", key("s")).status == 409);
  REQUIRE(act(client, id, "stop").status == 200);
  const HttpAnswer again = act(client, id, "start", key("s"));  // would be right by now
  CHECK_MESSAGE(again.status == 409, told(again));
  CHECK(again.code() == "invalid_transition");
  CHECK(act(client, id, "start", key("s2")).status == 200);
}

TEST_CASE("twins at the same instant make one server and get the same answer") {
  harness::Fleet fleet({.apis = 2, .workers = 2});
  harness::HttpClient client = fleet.client();
  for (int round = 1; round <= 5; ++round) {
    const std::vector<std::string> twins(6, create_body({.profile = "instant"}));
    std::set<std::string> ids;
    for (const HttpAnswer& answer : at_once(fleet, twins, "twin-" + std::to_string(round))) {
      REQUIRE_MESSAGE(answer.status == 201, told(answer));
      ids.insert(answer.json()["id"].text());
    }
    CHECK(ids.size() == 1);
    CHECK(total(client) == round);
  }
}

TEST_CASE("one key for creates in two regions at the same instant makes one server") {
  harness::Fleet fleet({.apis = 2, .workers = 2});
  harness::HttpClient client = fleet.client();
  for (int round = 1; round <= 10; ++round) {
    const auto answers = at_once(fleet,
                                 {create_body({.profile = "instant"}),
                                  create_body({.region = "eu-west-1", .profile = "instant"})},
                                 "regions-" + std::to_string(round));
    INFO(told(answers[0]), " / ", told(answers[1]));
    CHECK((answers[0].status == 201) + (answers[1].status == 201) == 1);
    CHECK((answers[0].code() == "idempotency_mismatch") +
              (answers[1].code() == "idempotency_mismatch") ==
          1);
    CHECK(total(client) == round);
  }
}
