// Goal (issue 16, 3): a warm pool over HTTP keeps servers ready; of many callers at once each gets
// one of its own or hears that there is none; a repeat gets what the first request got, also where
// that one's outcome is still to come; whoever waits gets what comes. Method: a fleet of two APIs;
// callers at once; a worker that is stopped while an acquisition is in the queue.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::expect;
using harness::eventually;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;
using namespace std::chrono_literals;

namespace {

struct Ground {
  harness::Fleet fleet{{.apis = 2}};
  HttpClient client = fleet.client();

  HttpAnswer put(const std::string& name, const std::string& body) {
    return client.request("PUT", "/warm-pools/" + name, body,
                          {{"Content-Type", "application/json"}});
  }
  Json set(const std::string& name, int target, const std::string& more = "") {
    const HttpAnswer answer = put(
        name, fmt::format(
                  R"({{"region":"us-east-1","type":"t2.micro","profile":"instant","target":{}{}}})",
                  target, more));
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    return answer.json();
  }
  Json pool(const std::string& name) { return client.get("/warm-pools/" + name).json(); }
  void wait_until_ready(const std::string& name, std::int64_t ready) {
    CHECK_MESSAGE(eventually([&] { return pool(name)["ready"].integer() == ready; }),
                  client.get("/warm-pools/" + name).body);
  }
  HttpAnswer acquire(const std::string& name, const HttpHeaders& headers = {},
                     const std::string& body = "{}") {
    return client.post("/warm-pools/" + name + "/acquire", body, headers);
  }
  HttpAnswer release(const std::string& id) {
    return client.post("/servers/" + id + "/release", "{}");
  }

  void fills_serves_and_drains();
  void serves_many_at_once();
  void answers_repeats_as_first();
  void lets_callers_wait();
  void refuses_what_is_wrong();
};

void Ground::fills_serves_and_drains() {
  CHECK(set("ci", 2, R"(,"tags":{"team":"blue"})")["replenish_below"].integer() == 2);
  wait_until_ready("ci", 2);
  const HttpAnswer had =
      acquire("ci", {}, R"({"name":"job-7","tags":{"job":"7"},"lease_seconds":600})");
  REQUIRE_MESSAGE(had.status == 200, describe(had));
  const Json server = had.json();
  CHECK(server["status"].text() == "RUNNING");
  CHECK(server["name"].text() == "job-7");
  CHECK(server["tags"]["team"].text() == "blue");
  CHECK(server["tags"]["job"].text() == "7");
  CHECK(server["warm_pool"].text() == "ci");
  CHECK(server["assigned_at"].kind() == Json::Kind::text);
  CHECK(server["expires_at"].kind() == Json::Kind::text);
  const std::string id = server["id"].text();
  CHECK(get_server(client, id)["assigned_at"].text() == server["assigned_at"].text());
  wait_until_ready("ci", 2);  // another in its place
  const Json after = pool("ci");
  CHECK(after["assigned"].integer() == 1);
  CHECK(after["hits"].integer() == 1);
  CHECK(after["acquire_p50_seconds"].number() > 0);
  const HttpAnswer given_back = client.post("/servers/" + id + "/release?until=settled", "{}");
  REQUIRE_MESSAGE(given_back.status == 200, describe(given_back));
  CHECK(given_back.json()["termination_reason"].text() == "released");
  CHECK(release(id).status == 409);

  // Another pool has what is given back rebooted, with its own name again.
  set("again", 1, R"(,"on_release":"reset")");
  wait_until_ready("again", 1);
  const Json first = acquire("again", {}, R"({"name":"mine"})").json();
  wait_until_ready("again", 1);  // a second one
  const std::string first_id = first["id"].text();
  const HttpAnswer to_reset = client.post("/servers/" + first_id + "/release?until=settled", "{}");
  CHECK_MESSAGE(to_reset.status == 200, describe(to_reset));
  CHECK(to_reset.json()["status"].text() == "RUNNING");
  const Json reset = get_server(client, first["id"].text());
  CHECK(reset["name"].text() != "mine");
  CHECK(reset["assigned_at"].kind() == Json::Kind::null);
  CHECK(act(client, first["id"].text(), "terminate").status == 200);

  // A drain ends what nobody has, and the pool when the last server is given back.
  const Json kept = acquire("ci").json();
  const HttpAnswer drained = client.del("/warm-pools/ci");
  REQUIRE_MESSAGE(drained.status == 200, describe(drained));
  CHECK(drained.json()["draining"].boolean());
  CHECK(eventually([&] { return pool("ci")["ready"].integer() == 0; }));
  const HttpAnswer refused = acquire("ci", {{"Prefer", "wait=10"}});
  CHECK(refused.code() == "pool_empty");
  CHECK(refused.json()["detail"].text().find("drained") != std::string::npos);
  CHECK(release(kept["id"].text()).status == 200);
  CHECK(eventually([&] { return client.get("/warm-pools/ci").status == 404; }));
  CHECK(acquire("ci").status == 404);
  const Json list = client.get("/warm-pools").json();
  REQUIRE(list["items"].size() == 1);
  CHECK(list["items"].at(0)["name"].text() == "again");
  CHECK(client.get("/warm-pools?after=default/again").json()["items"].size() == 0);
}

/// More callers than servers, over both APIs, twice: all servers are had, each by one.
void Ground::serves_many_at_once() {
  for (const std::string name : {"many-1", "many-2"}) {
    CAPTURE(name);
    set(name, 8);
    wait_until_ready(name, 8);
    std::vector<HttpAnswer> answers(32);
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      callers.emplace_back([&, i, own = fleet.client(i % 2)]() mutable {
        answers[i] = own.post("/warm-pools/" + name + "/acquire", "{}");
      });
    }
    for (auto& caller : callers) {
      caller.join();
    }
    std::multiset<std::string> had;
    std::size_t empty = 0;
    for (const HttpAnswer& answer : answers) {
      CHECK_MESSAGE((answer.status == 200 || answer.code() == "pool_empty"), describe(answer));
      if (answer.status == 200) {
        had.insert(answer.json()["id"].text());
      } else {
        ++empty;
      }
    }
    CHECK(std::set<std::string>(had.begin(), had.end()).size() == had.size());
    CHECK(had.size() + empty == answers.size());
    CHECK(had.size() >= 8);
    CHECK(pool(name)["assigned"].integer() == static_cast<std::int64_t>(had.size()));
    for (const std::string& id : had) {
      CHECK(release(id).status == 200);
    }
    CHECK(client.del("/warm-pools/" + name).status < 300);
  }
}

void Ground::answers_repeats_as_first() {
  set("keyed", 3);
  wait_until_ready("keyed", 3);
  const HttpHeaders key = {{"Idempotency-Key", "job-1"}};
  const HttpAnswer first = acquire("keyed", key);
  REQUIRE_MESSAGE(first.status == 200, describe(first));
  for (const std::size_t api : {0U, 1U}) {
    HttpClient other = fleet.client(api);
    const HttpAnswer again = other.post("/warm-pools/keyed/acquire", "{}", key);
    CHECK_MESSAGE(again.status == 200, describe(again));
    CHECK(again.json()["id"].text() == first.json()["id"].text());
    CHECK(again.header("Idempotent-Replayed") == "true");
  }
  CHECK(acquire("keyed", key, R"({"name":"another"})").code() == "idempotency_mismatch");
  CHECK(acquire("none-such", key).code() == "idempotency_mismatch");

  // The first request dies half way: its command waits, and nobody knows at which server. The
  // callers' repeats find it, through either API, and once the worker goes on all get one server.
  wait_until_ready("keyed", 3);
  ::kill(fleet.worker().pid(), SIGSTOP);
  HttpHeaders late = {{"Idempotency-Key", "job-2"}, {"Prefer", "respond-async"}};
  std::set<std::string> operations;
  for (const std::size_t api : {0U, 1U, 0U, 1U}) {
    HttpClient other = fleet.client(api);
    const HttpAnswer waiting = other.post("/warm-pools/keyed/acquire", "{}", late);
    CHECK_MESSAGE(waiting.status == 202, describe(waiting));
    operations.insert(waiting.json()["id"].text());
  }
  CHECK(operations.size() == 1);
  std::vector<HttpAnswer> answers(8);
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    callers.emplace_back([&, i, own = fleet.client(i % 2)]() mutable {
      answers[i] = own.post("/warm-pools/keyed/acquire", "{}", {{"Idempotency-Key", "job-2"}});
    });
  }
  ::kill(fleet.worker().pid(), SIGCONT);
  std::set<std::string> servers;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    callers[i].join();
    CHECK_MESSAGE(answers[i].status == 200, describe(answers[i]));
    servers.insert(answers[i].json()["id"].text());
  }
  CHECK(servers.size() == 1);
  CHECK(pool("keyed")["assigned"].integer() == 2);
  CHECK(pool("keyed")["hits"].integer() == 2);
}

void Ground::lets_callers_wait() {
  set("waits", 1);
  wait_until_ready("waits", 1);
  const std::string had = acquire("waits").json()["id"].text();
  wait_until_ready("waits", 1);  // another in its place
  set("waits", 0);
  CHECK(eventually([&] { return pool("waits")["ready"].integer() == 0; }));
  const HttpHeaders key = {{"Idempotency-Key", "patient"}};
  CHECK(acquire("waits", key).code() == "pool_empty");
  CHECK(acquire("waits", {{"Prefer", "wait=1"}}).code() == "pool_empty");
  HttpAnswer patient;
  std::jthread waiting([&, own = fleet.client(1)]() mutable {
    patient = own.post("/warm-pools/waits/acquire", "{}",
                       {{"Prefer", "wait=20"}, {"Idempotency-Key", "patient"}});
  });
  set("waits", 1);
  waiting.join();
  CHECK_MESSAGE(patient.status == 200, describe(patient));  // refused before, under the same key
  CHECK(patient.json()["id"].text() != had);
  CHECK(pool("waits")["misses"].integer() == 2);  // of this API
  CHECK(fleet.api_metric("vsim_warm_pool_acquires_total") > 0);
}

void Ground::refuses_what_is_wrong() {
  for (const auto& [body, says] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{}", "region"},
           {R"({"region":"us-east-1","type":"t2.micro","target":10001})", "target"},
           {R"({"region":"us-east-1","type":"t2.micro","target":1,"replenish_below":2})",
            "replenish_below"},
           {R"({"region":"us-east-1","type":"t2.micro","target":1,"colour":"red"})", "colour"},
           {R"({"region":"us-east-1","type":"t2.micro","target":1,"on_release":"sell"})",
            "on_release"}}) {
    const HttpAnswer answer = put("wrong", body);
    CAPTURE(describe(answer));
    CHECK(answer.status == 400);
    CHECK(answer.body.find(says) != std::string::npos);
  }
  CHECK(put("Wrong", "{}").status == 400);
  CHECK(put("wrong", R"({"region":"mars-1","type":"t2.micro","target":1})").code() ==
        "unknown_region");
  CHECK(put("wrong", R"({"region":"us-east-1","type":"none","target":1})").code() ==
        "unknown_type");
  CHECK(client.get("/warm-pools/wrong").status == 404);
  CHECK(client.del("/warm-pools/wrong").status == 404);
  CHECK(client.get("/warm-pools?after=x").status == 400);
  CHECK(acquire("wrong").status == 404);
  CHECK(acquire("again", {}, R"({"lease_seconds":-1})").status == 400);
  CHECK(acquire("again", {}, R"({"colour":"red"})").status == 400);
  CHECK(acquire("again", {{"If-Match", "\"1\""}}).status == 400);
  const std::string alone = create_server(client, {.profile = "instant"})["id"].text();
  CHECK(release(alone).code() == "not_assigned");
  CHECK(client.post("/servers/" + alone + "/release", R"({"x":1})").status == 400);
  CHECK(release(harness::random_uuid()).status == 404);
}

}  // namespace

TEST_CASE("a warm pool serves whoever asks, each one and once") {
  Ground ground;
  ground.fills_serves_and_drains();
  ground.serves_many_at_once();
  ground.answers_repeats_as_first();
  ground.lets_callers_wait();
  ground.refuses_what_is_wrong();
  expect(0, ground.fleet.vsimctl({"verify"}));
}
