// Goal (issue 16, 2): an incident of a region over HTTP, by vsimctl and by the nats CLI: what it
// refuses, what it does to running servers and to bills, that it ends, and that it stays in the
// history. Method: one fleet whose clock stands still between advances.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/sim_time.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::advance;
using e2e::expect;
using e2e::moment;
using e2e::second;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

const std::string incident = "/regions/us-east-1/incident";

Json region_of(HttpClient& client, const std::string& name) {
  for (const Json& region : client.get("/regions").json()["items"].elements()) {
    if (region["name"].text() == name) {
      return region;
    }
  }
  return client.get("/regions").json();
}

std::string refused_create(HttpClient& client, int status, const std::string& region) {
  const HttpAnswer answer =
      client.post("/servers", harness::create_body({.region = region, .profile = "instant"}));
  CHECK_MESSAGE(answer.status == status, describe(answer));
  return answer.status == 201 ? "" : answer.json()["code"].text();
}

HttpAnswer put(HttpClient& client, const std::string& path, const std::string& body,
               harness::HttpHeaders headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  return client.request("PUT", path, body, headers);
}

Json set_incident(HttpClient& client, const std::string& body) {
  const HttpAnswer answer = put(client, incident, body);
  REQUIRE_MESSAGE(answer.status == 200, describe(answer));
  return answer.json();
}

/// By an outage: no failure of the API, so it is charged and counts as no error. A key is spent.
void check_refusals(HttpClient& client) {
  const auto counted = [&](const std::string& name, const std::string& label) {
    return harness::metric_sum(client.get("/metrics").body, name, label);
  };
  CHECK(refused_create(client, 503, "us-east-1") == "region_unavailable");
  const auto create = [&] {
    return client.post("/servers", harness::create_body({.profile = "instant"}),
                       {{"Idempotency-Key", "in-a-fire"}});
  };
  const HttpAnswer first = create();
  CHECK(first.status == 503);
  CHECK(first.header("Retry-After") == "30");
  CHECK(first.json()["detail"].text().find("send a new Idempotency-Key") != std::string::npos);
  const auto left = std::stoi(first.header("RateLimit-Remaining"));
  HttpAnswer again;
  for (int i = 0; i < 10; ++i) {  // one comes back each second
    again = create();
  }
  CHECK(again.header("Retry-After").empty());
  CHECK(std::stoi(again.header("RateLimit-Remaining")) < left);
  CHECK(counted("vsim_http_requests_total", "status=\"5xx\"") == 0);
  CHECK(counted("vsim_http_injected_total", "effect=\"outage\"") == 12);
}

/// The region around its first outage, which took ten minutes, as it is told after two more.
void check_past(HttpClient& client, std::int64_t created, std::int64_t began) {
  const auto get = [&](const std::string& path, std::int64_t at) {
    const HttpAnswer answer = client.get(path + "?at=" + e2e::rfc3339(at));
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    return answer.json();
  };
  const std::string region = "/regions/us-east-1";
  const Json during = get(region, began + 1);
  CHECK(during["addresses_total"].integer() == 100);
  CHECK(during["addresses_free"].integer() == 99);
  CHECK(during["incident"]["number"].integer() == 1);
  CHECK(during["incident"]["ended"].kind() == Json::Kind::null);
  CHECK(during["incident"]["content"]["reason"].text() == "a fire");
  CHECK(get(region, created - 1)["addresses_total"].integer() == 0);  // before the fleet began
  CHECK(get(region, began - 1)["incident"].kind() == Json::Kind::null);
  CHECK(get(region, began + 600 * second)["incident"].kind() == Json::Kind::null);
  for (const Json& one : get("/regions", began + 1)["items"].elements()) {
    const bool is_here = one["name"].text() == "us-east-1";
    CHECK((one["incident"].kind() == Json::Kind::object) == is_here);
  }
  const auto known = [&](std::int64_t at) { return get(region + "/incidents", at)["items"]; };
  CHECK(known(began - 1).size() == 0);
  REQUIRE(known(began + 1).size() == 1);
  CHECK(known(began + 1).at(0)["ended"].kind() == Json::Kind::null);
  CHECK(known(began + 1).at(0)["ended_by"].kind() == Json::Kind::null);
  const Json now = client.get(region).json();
  CHECK(now["name"].text() == "us-east-1");
  CHECK(now["addresses_free"].integer() == 98);
  CHECK(client.get(region + "?at=9999-01-01T00:00:00Z").status == 400);
  CHECK(client.get("/regions/mars").status == 422);
}

/// By the nats CLI and vsimctl: impaired, and no capacity for one type.
void check_by_hand(harness::Fleet& fleet, HttpClient& client, const std::string& here) {
  expect(0, fleet.nats_cli({"pub", "vsim.cmd.us-east-1._region",
                            R"({"type":"set_incident","outage":{"running":"impaired"}})", "-J"}));
  CHECK(harness::eventually(
      [&] { return region_of(client, "us-east-1")["incident"].kind() == Json::Kind::object; }));
  advance(client, second);
  CHECK(get_server(client, here)["health"].text() == "impaired");
  expect(0, fleet.vsimctl({"region", "set", "us-east-1", "--no-type", "t2.micro", "--for", "2h",
                           "--delay-factor", "2.5"}));
  CHECK(fleet.vsimctl({"region"}).text.find(R"({"capacity":{"types":["t2.micro"]})") !=
        std::string::npos);
  CHECK(refused_create(client, 409, "us-east-1") == "insufficient_capacity");
  advance(client, second);
  CHECK(get_server(client, here)["health"].text() == "ok");
  const auto mistyped = fleet.vsimctl({"region", "set", "us-esat-1", "--delay-factor", "2"});
  CHECK_MESSAGE(mistyped.ending.code == 1, mistyped.text);
  const std::string page = HttpClient(fleet.worker_port()).get("/metrics").body;
  CHECK(page.find(R"(vsim_region_incident{region="us-east-1"} 1)") != std::string::npos);
  CHECK(page.find("us-esat-1") == std::string::npos);
  expect(0, fleet.vsimctl({"region", "lift", "us-east-1"}));
  CHECK(refused_create(client, 201, "us-east-1").empty());
}

/// All three are there, the newest first.
void check_history(HttpClient& client, const Json& first) {
  const Json all = client.get("/regions/us-east-1/incidents").json();
  REQUIRE(all["items"].elements().size() == 3);
  CHECK(all["items"].elements()[0]["ended_by"].text() == "vsimctl");
  CHECK(all["items"].elements()[2]["ended_by"].text() == "timekeeper");
  CHECK(all["items"].elements()[2]["ended"].text() == first["content"]["until"].text());
  const Json page = client.get("/regions/us-east-1/incidents?limit=1&before=3").json();
  CHECK(page["items"].elements()[0]["number"].integer() == 1);
}

}  // namespace

TEST_CASE("a region fails, and is well again") {
  harness::Fleet fleet(
      {.workers = 2,
       .settings = {
           {"TIME_SCALE", e2e::standing_still}, {"RATE_LIMIT", "1"}, {"RATE_BURST", "1000"}}});
  HttpClient client = fleet.client();
  const std::string here = create_server(client, {.profile = "instant"})["id"].text();
  const std::string there =
      create_server(client, {.region = "eu-west-1", .profile = "instant"})["id"].text();

  // An outage that ends by itself.
  const Json set = set_incident(
      client, R"({"outage":{"running":"stopped"},"for_seconds":600,"reason":"a fire"})");
  CHECK(set["number"].integer() == 1);
  CHECK(moment(set["content"]["until"].text()) == moment(set["began"].text()) + 600 * second);
  check_refusals(client);
  CHECK(refused_create(client, 201, "eu-west-1").empty());
  CHECK(region_of(client, "us-east-1")["incident"]["content"]["reason"].text() == "a fire");
  CHECK(region_of(client, "eu-west-1")["incident"].kind() == Json::Kind::null);
  advance(client, 10 * second);
  const Json stopped = get_server(client, here);
  CHECK(stopped["status"].text() == "STOPPED");
  CHECK(stopped["failure"]["code"].text() == "region_outage");
  CHECK(stopped["updated_at"].text() == set["began"].text());
  CHECK(get_server(client, there)["status"].text() == "RUNNING");
  CHECK(act(client, here, "start").json()["code"].text() == "region_unavailable");
  CHECK(fleet.worker_metric(0, "vsim_region_incident", R"(region="us-east-1")") == 1);
  const HttpAnswer then = client.get(fmt::format("/servers/{}?at={}", here, set["began"].text()));
  CHECK(then.json()["status"].text() == "STOPPED");
  advance(client, 600 * second);
  CHECK(region_of(client, "us-east-1")["incident"].kind() == Json::Kind::null);
  CHECK(act(client, here, "start").status == 200);
  const HttpAnswer late = client.del(incident);
  CHECK_MESSAGE(late.status == 404, describe(late));

  check_by_hand(fleet, client, here);

  check_history(client, set);
  expect(0, fleet.vsimctl({"verify"}));
  check_past(client, moment(get_server(client, here)["created_at"].text()),
             moment(set["began"].text()));
}

TEST_CASE("what is asked of a region wrongly is refused with what to change") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  for (const auto& [body, says] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{}", "nothing goes wrong"},
           {R"({"outage":{"running":"gone"}})", "untouched, impaired or stopped"},
           {R"({"outage":{}})", "running"},
           {R"({"outage":{"runing":"stopped"}})", "there is only"},
           {R"({"outages":{"running":"stopped"}})", "the nearest name is"},
           {R"({"capacity":{"types":[]}})", "types"},
           {R"({"delay_factor":0})", "delay_factor"},
           {R"({"delay_factor":"3"})", "must be a number"},
           {R"({"failure_rate":1.5})", "failure_rate"},
           {R"({"failure_rate":0.5,"failure_rate":0.5})", "twice"},
           {R"({"failure_rate":0.5,"until":"tomorrow"})", "RFC 3339"},
           {R"({"failure_rate":0.5,"for_seconds":0})", "for_seconds"},
           {R"({"failure_rate":0.5,"for_seconds":1,"until":"2030-01-01T00:00:00Z"})", "not both"},
           {R"({"failure_rate":0.5,"reason":"a\u0007"})", "reason"}}) {
    CAPTURE(body);
    const HttpAnswer answer = put(client, incident, body);
    CHECK(answer.status == 400);
    CHECK_MESSAGE(answer.body.find(says) != std::string::npos, answer.body);
  }
  CHECK(put(client, incident, R"({"capacity":{"types":["t9.huge"]}})").status == 422);
  CHECK(put(client, "/regions/mars/incident", R"({"failure_rate":0.5})").status == 422);
  const HttpAnswer past =
      put(client, incident, R"({"failure_rate":0.5,"until":"2001-01-01T00:00:00Z"})");
  CHECK(past.status == 409);
  CHECK(client.get("/regions/us-east-1/incidents").json()["items"].elements().empty());

  // A repeat with the same key is answered alike, and sets nothing anew.
  const harness::HttpHeaders key = {{"Idempotency-Key", "one-fire"}};
  const HttpAnswer first = put(client, incident, R"({"failure_rate":0.5})", key);
  const HttpAnswer again = put(client, incident, R"({"failure_rate":0.5})", key);
  CHECK(first.status == 200);
  CHECK(again.body == first.body);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(put(client, incident, R"({"failure_rate":0.6})", key).status == 422);

  // A purged one has its outcome. A worker that is killed may still hold the one before.
  fleet.worker().terminate();
  const HttpAnswer waits = client.del(incident, {{"Prefer", "respond-async"}});
  REQUIRE(waits.status == 202);
  expect(0, fleet.nats_cli({"stream", "purge", "COMMANDS", "-f"}));
  fleet.start_worker();
  CHECK(harness::eventually(
      [&] { return operation_status(client, std::string(waits.header("Location"))) == "PURGED"; }));
}
