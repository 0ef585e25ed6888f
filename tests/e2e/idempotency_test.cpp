// Goal: one Idempotency-Key is one command: the same answer for ever, whatever restarts, and no
// second use for something else.
// Method: repeats one after the other, at the same instant, while and after everything is killed
// and started again, in two regions; creates and all other writes.

#include <barrier>
#include <functional>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::create_body;
using harness::HttpAnswer;
using harness::HttpHeaders;

namespace {

/// Of those cases that kill nothing: each has keys of its own.
harness::Fleet& shared_fleet() {
  static harness::Fleet shared({.apis = 2, .workers = 2});
  return shared;
}

HttpHeaders key(const std::string& value) { return {{"Idempotency-Key", value}}; }

std::int64_t total(harness::HttpClient& client) {
  return client.get("/servers?limit=1").json()["total"].integer();
}

/// The same moment for all writes, each by a client of its own; the answers.
using OneWrite = std::function<HttpAnswer(harness::HttpClient&)>;
std::vector<HttpAnswer> at_once(harness::Fleet& fleet, std::size_t apis,
                                const std::vector<OneWrite>& writes) {
  std::barrier<> start(static_cast<std::ptrdiff_t>(writes.size()));
  std::vector<HttpAnswer> answers(writes.size());
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    threads.emplace_back([&, i] {
      harness::HttpClient client = fleet.client(i % apis);
      client.get("/healthz");
      start.arrive_and_wait();
      answers[i] = writes[i](client);
    });
  }
  threads.clear();
  return answers;
}

OneWrite create(const std::string& body, const std::string& with_key) {
  return [=](harness::HttpClient& client) { return client.post("/servers", body, key(with_key)); };
}

constexpr std::size_t many = 16;

/// All of them are the same answer, to the byte where it shows a server; returns the first.
HttpAnswer one_answer(const std::vector<HttpAnswer>& answers) {
  for (const HttpAnswer& answer : answers) {
    INFO(describe(answers.front()), " / ", describe(answer));
    CHECK(answer.status == answers.front().status);
    CHECK(answer.code() == answers.front().code());
    if (answer.status < 300) {
      CHECK(answer.body == answers.front().body);
      CHECK(answer.header("ETag") == answers.front().header("ETag"));
    }
  }
  return answers.front();
}

/// Kills every part where it stands and starts it again.
void restart_everything(harness::Fleet& fleet) {
  fleet.api().kill();
  fleet.worker().kill();
  fleet.nats().kill();
  fleet.postgres().kill();
  fleet.nats().restart();
  fleet.postgres().restart();
  fleet.start_api();
  fleet.start_worker();
  fleet.wait_until_ready();
}

/// The same key for this write again and again until there is an answer that is final.
HttpAnswer insist(harness::Fleet& fleet, const OneWrite& write) {
  HttpAnswer answer;
  harness::eventually(
      [&] {
        try {
          harness::HttpClient client = fleet.client();
          answer = write(client);
        } catch (const harness::Unreachable&) {
          return false;  // killed, or not up again
        }
        return answer.status != 202 && answer.status < 500;
      },
      std::chrono::seconds(60));
  return answer;
}

}  // namespace

TEST_CASE("the same key and request give the same server, also after everything restarted") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string body = create_body({.profile = "instant"});
  const HttpAnswer first = client.post("/servers", body, key("order-1"));
  REQUIRE_MESSAGE(first.status == 201, describe(first));
  const std::string id = first.json()["id"].text();
  const std::string other_spelling =
      R"({ "type":"t2.micro","profile":"instant", "name":"web-1","region":"us-east-1" })";
  for (const std::string& same : {body, other_spelling}) {
    const HttpAnswer again = client.post("/servers", same, key("order-1"));
    one_answer({first, again});
  }
  const HttpAnswer stop = act(client, id, "stop", key("stop-1"));
  CHECK_MESSAGE(stop.status == 200, describe(stop));

  restart_everything(fleet);
  const HttpAnswer later = client.post("/servers", body, key("order-1"));
  one_answer({first, later});  // though it has been stopped since
  one_answer({stop, act(client, id, "stop", key("stop-1"))});
  CHECK(total(client) == 1);
  CHECK(get_server(client, id)["version"].integer() == 2);
}

TEST_CASE("a repeat, and a read, show tags to the byte as the first answer did (issue 12, 3)") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const std::string body = R"({"name":"web-1","region":"us-east-1","type":"t2.micro",)"
                           R"("profile":"instant","tags":{"zz":"1","owners":"a, \"b\"","é":"\\"}})";
  const HttpAnswer first = client.post("/servers", body, key("tags"));
  REQUIRE_MESSAGE(first.status == 201, describe(first));
  const std::string tags = R"("tags":{"owners":"a, \"b\"","zz":"1","é":"\\"},)";
  CHECK(first.body.find(tags) != std::string::npos);
  one_answer({first, client.post("/servers", body, key("tags"))});
  const std::string id = first.json()["id"].text();
  CHECK(client.get("/servers/" + id).body.find(tags) != std::string::npos);
  CHECK(client.get("/servers?limit=1").body.find(tags) != std::string::npos);
  const HttpAnswer stop = act(client, id, "stop", key("tags-stop"));
  CHECK(stop.body.find(tags) != std::string::npos);
  CHECK(client.get("/servers/" + id).body == stop.body);
}

TEST_CASE("the same key for another request is 422, also for another region") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const auto before = total(client);
  REQUIRE(client.post("/servers", create_body({.profile = "instant"}), key("request")).status ==
          201);
  for (const std::string& other : {create_body({.name = "another", .profile = "instant"}),
                                   create_body({.region = "eu-west-1", .profile = "instant"})}) {
    const HttpAnswer answer = client.post("/servers", other, key("request"));
    CHECK_MESSAGE(answer.status == 422, describe(answer));
    CHECK(answer.code() == "idempotency_mismatch");
  }
  CHECK(total(client) == before + 1);
}

TEST_CASE("the key of an action or a delete is for that one: another use is 422") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const auto before = total(client);
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string other = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, id, "stop", key("action")).status == 200);
  const std::vector<HttpAnswer> misuses = {
      act(client, id, "start", key("action")), act(client, other, "stop", key("action")),
      client.del("/servers/" + id, key("action")),
      client.post("/servers", create_body({.profile = "instant"}), key("action"))};
  for (const HttpAnswer& misuse : misuses) {
    CHECK_MESSAGE(misuse.status == 422, describe(misuse));
    CHECK(misuse.code() == "idempotency_mismatch");
  }
  CHECK(get_server(client, id)["status"].text() == "STOPPED");
  CHECK(get_server(client, other)["status"].text() == "RUNNING");
  CHECK(total(client) == before + 2);
}

TEST_CASE("a key in quotes is the same key") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const auto before = total(client);
  const std::string body = create_body({.profile = "instant"});
  const HttpAnswer bare = client.post("/servers", body, key("quoted"));
  one_answer({bare, client.post("/servers", body, key("\"quoted\""))});
  CHECK(total(client) == before + 1);
}

TEST_CASE("a rejection is final for its key") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(act(client, id, "start", key("rejected")).status == 409);
  REQUIRE(act(client, id, "stop").status == 200);
  const HttpAnswer again = act(client, id, "start", key("rejected"));  // would be right by now
  CHECK_MESSAGE(again.status == 409, describe(again));
  CHECK(again.code() == "invalid_transition");
  CHECK(act(client, id, "start", key("another")).status == 200);
}

TEST_CASE("sixteen clients with one key at the same instant make one server") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const auto before = total(client);
  for (int round = 1; round <= 5; ++round) {
    const OneWrite twin =
        create(create_body({.profile = "instant"}), "twin-" + std::to_string(round));
    const auto answer = one_answer(at_once(fleet, 2, std::vector<OneWrite>(many, twin)));
    CHECK_MESSAGE(answer.status == 201, describe(answer));
    CHECK(total(client) == before + round);
  }
}

TEST_CASE("sixteen clients with one key at the same instant act once") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  std::int64_t version = 1;
  for (const std::string action : {"stop", "start", "reboot", "terminate"}) {
    CAPTURE(action);
    const OneWrite twin = [&](harness::HttpClient& own) {
      return act(own, id, action, key("twin-" + action));
    };
    const auto answer = one_answer(at_once(fleet, 2, std::vector<OneWrite>(many, twin)));
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    CHECK(answer.json()["version"].integer() == ++version);
  }
  CHECK(get_server(client, id)["version"].integer() == version);
}

TEST_CASE("sixteen clients with one key extend a pool once and advance the clock once") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const OneWrite extend = [](harness::HttpClient& own) {
    return own.post("/regions/us-east-1/addresses", R"({"cidr":"10.7.0.0/28"})", key("pool"));
  };
  for (const auto& answer : at_once(fleet, 2, std::vector<OneWrite>(many, extend))) {
    CHECK_MESSAGE(answer.status == 200, describe(answer));
  }
  const std::int64_t before = e2e::moment(e2e::clock_of(client)["now"].text());
  const OneWrite advance = [](harness::HttpClient& own) {
    return own.post("/clock", R"({"advance_seconds":86400})", key("clock"));
  };
  for (const auto& answer : at_once(fleet, 2, std::vector<OneWrite>(many, advance))) {
    CHECK_MESSAGE(answer.status == 200, describe(answer));
  }
  const std::int64_t passed = e2e::moment(e2e::clock_of(client)["now"].text()) - before;
  CHECK(passed >= e2e::day);
  CHECK(passed < 2 * e2e::day);
}

TEST_CASE("one key from sixteen clients, everything killed meanwhile: one server, one answer") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  // Killed before anybody can have been answered; and when the first ones have been.
  for (int answered_before = 0; answered_before <= 1; ++answered_before) {
    CAPTURE(answered_before);
    const OneWrite twin = create(create_body(), "order-" + std::to_string(answered_before));
    std::vector<HttpAnswer> answers(many);
    std::vector<std::jthread> threads;
    for (HttpAnswer& answer : answers) {
      threads.emplace_back([&] { answer = insist(fleet, twin); });
    }
    harness::eventually([&] { return answered_before == 0 || total(client) == 2; });
    restart_everything(fleet);
    threads.clear();
    answers.push_back(insist(fleet, twin));
    const auto answer = one_answer(answers);
    CHECK_MESSAGE(answer.status == 201, describe(answer));
    CHECK(total(client) == answered_before + 1);
  }
}

TEST_CASE("one key for creates in two regions at the same instant makes one server") {
  harness::Fleet& fleet = shared_fleet();
  harness::HttpClient client = fleet.client();
  const auto before = total(client);
  for (int round = 1; round <= 10; ++round) {
    const std::string both = "regions-" + std::to_string(round);
    const auto answers =
        at_once(fleet, 2,
                {create(create_body({.profile = "instant"}), both),
                 create(create_body({.region = "eu-west-1", .profile = "instant"}), both)});
    INFO(describe(answers[0]), " / ", describe(answers[1]));
    CHECK((answers[0].status == 201) + (answers[1].status == 201) == 1);
    CHECK((answers[0].code() == "idempotency_mismatch") +
              (answers[1].code() == "idempotency_mismatch") ==
          1);
    CHECK(total(client) == before + round);
  }
}
