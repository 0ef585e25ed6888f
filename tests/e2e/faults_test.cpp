// Goal: faults that an operator sets strike the callers that they are for and nobody else, the same
// ones on every API and every system, are marked, are counted apart, and end as they say.
// Method: real requests, each answer looked at as bytes, on two fleets with two APIs and one seed.

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Unreachable;

namespace {

const std::string create = harness::create_body({.name = "f", .profile = "instant"});

HttpAnswer set(HttpClient& client, const std::string& rules, const std::string& more = "") {
  auto answer = client.request("PUT", "/faults", R"({"rules":[)" + rules + "]" + more + "}");
  CHECK_MESSAGE(answer.status == 200, describe(answer));
  return answer;
}

HttpAnswer lift(HttpClient& client) {
  auto answer = client.del("/faults");
  CHECK_MESSAGE(answer.status == 200, describe(answer));
  return answer;
}

/// Whether the connection ends without a byte of an answer.
bool is_cut(HttpClient& client, const std::string& method, const std::string& path,
            const std::string& body = "", const HttpHeaders& headers = {}) {
  try {
    const auto answer = client.request(method, path, body, headers);
    MESSAGE(describe(answer));
    return false;
  } catch (const Unreachable&) {
    client.close();
    return true;
  }
}

/// What becomes of so many requests in a row: one letter each.
std::string row_of(HttpClient& client, int count) {
  std::string row;
  for (int i = 0; i < count; ++i) {
    const auto answer = client.get("/types");
    CHECK((answer.status == 503) == !answer.header("Vsim-Injected").empty());
    row += answer.status == 503 ? 'x' : '.';
  }
  return row;
}

bool knows_of_rules(HttpClient& client, std::size_t count) {
  const auto page = client.get("/metrics").body;
  return harness::metric_sum(page, "vsim_http_fault_rules") == static_cast<double>(count);
}

double metric(HttpClient& client, const std::string& name, const std::string& label) {
  return harness::metric_sum(client.get("/metrics").body, name, label);
}

harness::Fleet& fleet() {
  static harness::Fleet one({.apis = 2, .settings = {{"SIM_SEED", "42"}}});
  return one;
}

}  // namespace

TEST_CASE("an injected answer is a problem like a real one, marked, and counted apart") {
  HttpClient client = fleet().client();
  const auto shown = set(client, R"({"name":"busy","route":"POST /servers","every":2,"status":503},
                                    {"route":"GET /types","every":1,"status":429},
                                    {"route":"GET /regions","every":1,"status":504})");
  CHECK(shown.json()["rules"].at(0)["name"].text() == "busy");
  CHECK(shown.json()["rules"].at(1)["number"].number() == 2);
  CHECK(shown.header("Vsim-Injected").empty());
  const auto requests = metric(client, "vsim_http_requests_total", "status=\"5xx\"");

  CHECK(client.post("/servers", create).status == 201);
  const auto refused = client.post("/servers", create);
  REQUIRE_MESSAGE(refused.status == 503, describe(refused));
  CHECK(refused.header("Vsim-Injected") == "busy");
  CHECK(refused.header("Content-Type") == "application/problem+json");
  CHECK(refused.header("Retry-After") == "1");
  CHECK(refused.header("X-Request-Id") == refused.json()["request_id"].text());
  CHECK(refused.code() == "unavailable");
  CHECK(client.get("/servers").json()["total"].number() == 1);
  CHECK(client.get("/servers").header("Vsim-Injected").empty());

  const auto limited = client.get("/types");
  CHECK(limited.status == 429);
  CHECK(limited.code() == "too_many_requests");
  CHECK(limited.header("Retry-After") == "1");
  CHECK(limited.header("Vsim-Injected") == "2");
  CHECK(client.request("HEAD", "/types").status == 429);
  const auto late = client.get("/regions");
  CHECK(late.code() == "gateway_timeout");
  CHECK(late.header("Retry-After").empty());

  CHECK(metric(client, "vsim_http_requests_total", "status=\"5xx\"") == requests);
  CHECK(metric(client, "vsim_http_injected_total", "effect=\"status\"") == 4);
  const auto doctor = fleet().vsimctl({"doctor"});
  CHECK(doctor.text.find("3 rules answer callers badly on purpose") != std::string::npos);
  CHECK(fleet().vsimctl({"verify"}).ending.clean());
  CHECK(lift(client).json()["rules"].size() == 0);
  CHECK(client.get("/types").status == 200);
  const auto then = client.get("/faults?at=" + shown.json()["changed_at"].text());
  CHECK(then.body == shown.body);
  const auto before = client.get("/faults?at=2001-01-01T00:00:00Z");
  CHECK(before.json()["rules"].size() == 0);
  CHECK(before.json()["changed_at"].kind() == harness::Json::Kind::null);
  CHECK(client.get("/faults?at=9999-01-01T00:00:00Z").status == 400);
}

TEST_CASE("faults of all routes leave alone what shows how the API is, and what lifts them") {
  HttpClient client = fleet().client();
  const std::string all = R"({"every":1,"status":500})";
  set(client, all);
  CHECK(client.get("/types").status == 500);
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/faults"}) {
    for (const char* method : {"GET", "HEAD"}) {
      const auto answer = client.request(method, path);
      CHECK(answer.status == 200);
      CHECK(answer.header("Vsim-Injected").empty());
    }
  }
  CHECK(set(client, all).header("Vsim-Injected").empty());
  CHECK(lift(client).header("Vsim-Injected").empty());
  CHECK(client.get("/types").status == 200);
}

TEST_CASE("a cut connection gives no answer; what is cut after the command has been carried out") {
  HttpClient client = fleet().client();
  const double before = client.get("/servers").json()["total"].number();
  set(client, R"({"route":"POST /servers","every":1,"cut":true})");
  CHECK(is_cut(client, "POST", "/servers", create));
  CHECK(client.get("/servers").json()["total"].number() == before);

  // The answer is lost: a client with a key finds out by sending again.
  set(client, R"({"route":"POST /servers","every":2,"cut":true,"when":"after"},
                 {"route":"DELETE /servers/{id}","every":1,"status":502,"when":"after"})");
  const HttpHeaders key = {{"Idempotency-Key", "lost-answer"}};
  CHECK(client.post("/servers", create).status == 201);
  CHECK(is_cut(client, "POST", "/servers", create, key));
  const auto again = client.post("/servers", create, key);
  CHECK(again.status == 201);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(client.get("/servers").json()["total"].number() == before + 2);

  const std::string path = "/servers/" + again.json()["id"].text();
  const auto gateway = client.del(path);
  CHECK(gateway.status == 502);
  CHECK(gateway.code() == "bad_gateway");
  CHECK(client.get(path).json()["status"].text() == "TERMINATED");
  CHECK(metric(client, "vsim_http_injected_total", "effect=\"cut\"") == 2);
  lift(client);
}

TEST_CASE("a delay is real time, before or after, and counts as no slowness of the API") {
  HttpClient client = fleet().client();
  set(client, R"({"route":"GET /types","every":2,"delay_seconds":0.6},
                 {"route":"GET /regions","every":1,"delay_seconds":0.6,"when":"after"})");
  CHECK(client.get("/types").header("Vsim-Injected").empty());
  for (const auto& [path, label] : {std::pair("/types", "1"), std::pair("/regions", "2")}) {
    const auto began = std::chrono::steady_clock::now();
    const auto answer = client.get(path);
    CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(600));
    CHECK(answer.status == 200);
    CHECK(answer.header("Vsim-Injected") == label);
  }
  CHECK(metric(client, "vsim_http_injected_total", "effect=\"delay\"") == 2);
  lift(client);
}

TEST_CASE("the same seed gives the same row on each API and on a fresh system") {
  HttpClient client = fleet().client();
  HttpClient other = fleet().client(1);
  const std::string rule = R"({"route":"GET /types","probability":0.5,"status":503})";
  set(client, rule);
  REQUIRE(harness::eventually([&] { return knows_of_rules(other, 1); }));
  const auto row = row_of(client, 40);
  CHECK(row.find('x') != std::string::npos);
  CHECK(row.find('.') != std::string::npos);
  CHECK(row_of(other, 40) == row);
  set(client, rule, R"(,"seed":7)");
  CHECK(row_of(client, 40) != row);
  set(client, rule, R"(,"seed":42)");  // the clock's, by name
  CHECK(row_of(client, 40) == row);
  lift(client);

  harness::Fleet fresh({.settings = {{"SIM_SEED", "42"}}});
  HttpClient there = fresh.client();
  set(there, rule);
  CHECK(row_of(there, 40) == row);
}

TEST_CASE("faults end in simulated time, are set by hand, and go on without Postgres") {
  HttpClient client = fleet().client();
  const std::string rule = R"({"route":"GET /types","every":1,"status":500,"for_seconds":3600})";
  const auto typed = fleet().nats_cli(
      {"pub", "vsim.cmd._sim.faults", R"({"type":"set_faults","rules":[)" + rule + "]}"});
  REQUIRE(typed.ending.clean());
  REQUIRE(harness::eventually([&] { return client.get("/types").status == 500; }));
  CHECK(client.get("/faults").json()["changed_by"].text() == "nats");
  CHECK(client.get("/faults").json()["rules"].at(0)["in_force"].boolean());
  CHECK(client.post("/clock", R"({"advance_seconds":3600})").status == 200);
  CHECK(client.get("/types").status == 200);
  CHECK_FALSE(client.get("/faults").json()["rules"].at(0)["in_force"].boolean());
  CHECK(knows_of_rules(client, 0));

  const auto passed = client.request(
      "PUT", "/faults", R"({"rules":[{"every":1,"cut":true,"until":"2020-01-01T00:00:00Z"}]})");
  CHECK(passed.status == 409);
  CHECK(passed.code() == "invalid_transition");
  const auto unknown = client.request(
      "PUT", "/faults",
      R"({"rules":[{"every":1,"cut":true},{"route":"GET /typs","every":1,"cut":true}]})");
  CHECK(unknown.status == 400);
  CHECK(
      unknown.json()["detail"].text().find(
          R"(rules[1]: "route" "GET /typs" is not known here; the nearest name is "GET /types")") !=
      std::string::npos);
  lift(client);
}

TEST_CASE("a rule for one key strikes that key alone; a wrong key is refused as ever") {
  harness::Fleet guarded({.settings = {{"SIM_SEED", "42"}}});
  const auto bearer = [](const std::string& key) {
    return HttpHeaders{{"Authorization", "Bearer " + key}};
  };
  const auto ops = bearer(guarded.add_key("ops", "operator"));
  const auto ci = bearer(guarded.add_key("ci", "caller"));
  HttpClient client = guarded.client();
  REQUIRE(harness::eventually([&] { return client.get("/types").status == 401; }));
  const auto answer = client.request(
      "PUT", "/faults",
      R"({"rules":[{"key":"ci","every":1,"status":500},{"every":3,"status":503}]})", ops);
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  CHECK(answer.json()["changed_by"].text() == "ops");
  CHECK(client.request("PUT", "/faults", "{}", ci).status == 403);
  CHECK(client.get("/types", bearer("vsim_wrong")).status == 401);
  CHECK(client.get("/types").status == 401);
  CHECK(client.get("/nothing", ci).status == 404);
  CHECK(client.get("/types", ci).status == 500);
  CHECK(client.get("/types", ops).status == 200);
  CHECK(client.get("/types", ops).status == 503);  // the third request that the second rule matches
  CHECK(client.get("/faults", ci).status == 200);

  // The rules are the log's: they hold while Postgres is away, also in an API that begins anew.
  guarded.postgres().kill();
  CHECK(client.get("/types", ci).status == 500);
  guarded.api().kill();
  guarded.start_api();
  CHECK(harness::eventually([&] {
    try {
      return client.get("/types", ci).status == 500;
    } catch (const Unreachable&) {
      return false;
    }
  }));
  CHECK(client.get("/faults", ops).json()["rules"].size() == 2);
}

TEST_CASE("a delay ends with the rule that asked for it") {
  HttpClient client = fleet().client();
  const auto delays = [&] {
    return metric(client, "vsim_http_injected_total", "effect=\"delay\"");
  };
  const auto before = delays();
  set(client, R"({"route":"GET /types","every":1,"delay_seconds":60,"when":"after"})");
  const auto began = std::chrono::steady_clock::now();
  std::jthread delayed([] {
    HttpClient another = fleet().client();
    CHECK(another.get("/types").status == 200);
  });
  CHECK(harness::eventually([&] { return delays() == before + 1; }));
  CHECK(lift(client).status == 200);
  delayed.join();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
}
