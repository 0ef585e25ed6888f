// Goal: time over HTTP and by the nats CLI: it can be scaled and advanced, passes through all that
// falls due on the way at its own time, never goes back, and outlives every process.
// Method: a clock that stands still between advances, so that every time in a log can be predicted
// to the millisecond.

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::advance;
using e2e::clock_of;
using e2e::event_of;
using e2e::hour;
using e2e::moment;
using e2e::second;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

constexpr std::int64_t idle_timeout = 1800 * second;  // of profile standard

std::int64_t now_of(HttpClient& client) { return moment(clock_of(client)["now"].text()); }

std::int64_t due_of(HttpClient& client, const std::string& id) {
  return moment(get_server(client, id)["due_at"].text());
}

std::int64_t at(HttpClient& client, const std::string& id, const std::string& event) {
  return moment(event_of(client, id, event)["timestamp"].text());
}

std::int64_t free_addresses(HttpClient& client) {
  for (const Json& region : client.get("/regions").json()["items"].elements()) {
    if (region["name"].text() == "us-east-1") {
      return region["addresses_free"].integer();
    }
  }
  return -1;
}

/// A RUNNING server of profile standard is stopped, then this makes 3600 s pass.
template <typename Pass>
void check_stop_and_reap(HttpClient& client, const std::string& id, Pass&& pass_an_hour) {
  const auto free_before = free_addresses(client);
  const HttpAnswer stopped = act(client, id, "stop");
  REQUIRE_MESSAGE(stopped.status == 200, describe(stopped));
  const auto stop_due = due_of(client, id);
  pass_an_hour();
  const Json reaped = get_server(client, id);
  CHECK(reaped["status"].text() == "TERMINATED");
  CHECK(reaped["termination_reason"].text() == "idle_timeout");
  CHECK(at(client, id, "server_stopped") == stop_due);
  CHECK(at(client, id, "server_terminated") == stop_due + idle_timeout);
  CHECK(moment(reaped["updated_at"].text()) == stop_due + idle_timeout);
  CHECK(free_addresses(client) == free_before + 1);
}

}  // namespace

TEST_CASE("an advance passes through what falls due, each at its own time, before it answers") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const std::string id = create_server(client)["id"].text();
  const auto boot_due = due_of(client, id);
  const auto began = now_of(client);
  CHECK(boot_due > began);

  SUBCASE("over HTTP") {
    const Json clock = advance(client, 60 * second);
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
    CHECK(moment(clock["now"].text()) == began + 60 * second);
    CHECK(moment(clock["deadlines_applied"].text()) == began + 60 * second);
    CHECK(at(client, id, "server_started") == boot_due);
    check_stop_and_reap(client, id, [&] { advance(client, hour); });
  }

  SUBCASE("up to the last millisecond and no further") {
    advance(client, boot_due - began - 1);
    CHECK(get_server(client, id)["status"].text() == "PENDING");
    advance(client, 1);
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
  }

  SUBCASE("with a boot and the whole idle timeout in one jump") {
    const Json seed = create_server(client, {.profile = "seed"});
    const auto stopped = moment(seed["due_at"].text());
    advance(client, hour);
    const std::string other = seed["id"].text();
    CHECK(get_server(client, other)["status"].text() == "TERMINATED");
    CHECK(at(client, other, "server_terminated") == stopped + idle_timeout);
    CHECK(at(client, id, "server_started") == boot_due);
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
  }

  SUBCASE("typed with the nats CLI") {
    const auto pass = [&](std::int64_t seconds) {
      const auto target = now_of(client) + seconds * second;
      const auto pub =
          fleet.nats_cli({"pub", "vsim.cmd._sim.clock",
                          fmt::format(R"({{"type":"advance","seconds":{}}})", seconds)});
      REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
      REQUIRE(harness::eventually(
          [&] { return moment(clock_of(client)["deadlines_applied"].text()) >= target; }));
      CHECK(now_of(client) == target);
    };
    pass(60);
    CHECK(at(client, id, "server_started") == boot_due);
    check_stop_and_reap(client, id, [&] { pass(3600); });
  }

  SUBCASE("by nothing, when it only waits for what is due") {
    const Json clock = advance(client, 0);
    CHECK(moment(clock["now"].text()) == began);
    CHECK(moment(clock["deadlines_applied"].text()) == began);
    CHECK(get_server(client, id)["status"].text() == "PENDING");
  }
}

TEST_CASE("many servers' events of time enter the log in the order of time") {
  harness::Fleet fleet({.workers = 2, .settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  std::vector<std::string> servers;
  for (int i = 0; i < 40; ++i) {
    servers.push_back(
        create_server(client, {.profile = i % 2 == 0 ? "seed" : "standard"})["id"].text());
    advance(client, 700);
  }
  advance(client, 2 * hour);
  std::vector<std::pair<std::int64_t, std::int64_t>> events;  // sequence, time
  for (const std::string& id : servers) {
    std::int64_t before = 0;
    const auto log = client.get("/servers/" + id + "/logs").json().elements();
    for (auto entry = log.rbegin(); entry != log.rend(); ++entry) {
      const auto time = moment((*entry)["timestamp"].text());
      CHECK(time >= before);
      before = time;
      if ((*entry)["operation_id"].is_null()) {
        events.emplace_back((*entry)["sequence"].integer(), time);
      }
    }
  }
  CHECK(events.size() == 40 + 20);  // a boot each, and half of them are reaped
  std::sort(events.begin(), events.end());
  CHECK(std::is_sorted(events.begin(), events.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; }));
}

TEST_CASE("time runs as fast as its scale says, and does not go back") {
  harness::Fleet fleet;
  HttpClient client = fleet.client();
  CHECK(clock_of(client)["scale"].number() == 1);
  const auto began = now_of(client);
  const HttpAnswer faster = client.post("/clock", R"({"scale":3600})");
  REQUIRE_MESSAGE(faster.status == 200, describe(faster));
  CHECK(faster.json()["scale"].number() == 3600);
  auto latest = moment(faster.json()["now"].text());
  CHECK(latest >= began);
  CHECK(harness::eventually([&] {
    const auto now = now_of(client);
    CHECK(now >= latest);
    latest = now;
    return now > began + hour;
  }));
  const HttpAnswer slower = client.post("/clock", R"({"scale":0.000001})");
  REQUIRE_MESSAGE(slower.status == 200, describe(slower));
  const auto stands = moment(slower.json()["now"].text());
  CHECK(stands >= latest);
  CHECK(now_of(client) == stands);

  SUBCASE("also when everything is killed and started again") {
    const HttpAnswer advanced = client.post("/clock", R"({"advance_seconds":1.234})");
    REQUIRE_MESSAGE(advanced.status == 200, describe(advanced));
    const Json before = clock_of(client);
    fleet.api().kill();
    fleet.worker().kill();
    fleet.nats().kill();
    fleet.postgres().kill();
    fleet.postgres().restart();
    fleet.nats().restart();
    fleet.start_worker();
    fleet.start_api();
    fleet.wait_until_ready();
    // Killed with Postgres, its last commits may be gone: what was written is asked for by name.
    HttpClient again = fleet.client();
    const Json after =
        again.get("/clock", {{"Vsim-Min-Sequence", advanced.header("Vsim-Sequence")}}).json();
    CHECK(after["scale"].number() == 0.000001);
    CHECK(after["seed"].number() == before["seed"].number());
    CHECK(after["now"].text() == before["now"].text());
    CHECK(moment(after["now"].text()) == stands + 1234);
  }

  SUBCASE("also by the nats CLI, and every API knows") {
    const auto pub =
        fleet.nats_cli({"pub", "vsim.cmd._sim.clock", R"({"type":"scale","scale":60})"});
    REQUIRE_MESSAGE(pub.ending.clean(), pub.text);
    CHECK(harness::eventually([&] { return clock_of(client)["scale"].number() == 60; }));
  }
}

TEST_CASE("one key advances once, whenever it is sent again") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const auto began = now_of(client);
  const harness::HttpHeaders key = {{"Idempotency-Key", "the-jump"}};
  const std::string body = R"({"advance_seconds":100})";
  for (int time = 0; time < 2; ++time) {
    const HttpAnswer answer = client.post("/clock", body, key);
    REQUIRE_MESSAGE(answer.status == 200, describe(answer));
    CHECK(moment(answer.json()["now"].text()) == began + 100 * second);
    CHECK(answer.header("Vsim-Sequence").find("EVENTS:") == 0);
  }
  const HttpAnswer other = client.post("/clock", R"({"advance_seconds":101})", key);
  CHECK_MESSAGE(other.status == 422, describe(other));
  CHECK(other.code() == "idempotency_mismatch");

  fleet.worker().terminate();
  fleet.start_worker();
  fleet.wait_until_ready();
  CHECK(client.post("/clock", body, key).status == 200);
  CHECK(now_of(client) == began + 100 * second);
}

TEST_CASE("a client that does not wait gets a Location to look at") {
  harness::Fleet fleet({.apis = 2, .settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const std::string id = create_server(client)["id"].text();
  const auto began = now_of(client);
  const HttpAnswer accepted =
      client.post("/clock", R"({"advance_seconds":60})", {{"Prefer", "respond-async"}});
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  CHECK(accepted.header("Preference-Applied") == "respond-async");
  CHECK(accepted.json()["type"].text() == "advance");
  const std::string location = accepted.header("Location");
  CHECK(location == "/operations/" + accepted.json()["id"].text() + "?until=settled");
  const harness::HttpHeaders after = {{"Vsim-Min-Sequence", accepted.header("Vsim-Sequence")}};

  // Another API waits for it on request, and knows the new time then.
  HttpClient elsewhere = fleet.client(1);
  const HttpAnswer clock = elsewhere.get("/clock", after);
  REQUIRE_MESSAGE(clock.status == 200, describe(clock));
  CHECK(moment(clock.json()["now"].text()) == began + 60 * second);
  const HttpAnswer done = elsewhere.get(location, {{"Prefer", "wait=30"}});
  CHECK_MESSAGE(done.json()["status"].text() == "SUCCEEDED", describe(done));
  wait_for_status(client, id, "RUNNING");
}

TEST_CASE("a change that nobody carries out in time is late, not lost") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const auto began = now_of(client);
  fleet.worker().terminate();
  const HttpAnswer late =
      client.post("/clock", R"({"advance_seconds":60})", {{"Prefer", "wait=1"}});
  REQUIRE_MESSAGE(late.status == 202, describe(late));
  CHECK(late.json()["status"].text() == "PENDING");
  const HttpAnswer second_one =
      client.post("/clock", R"({"advance_seconds":60})", {{"Prefer", "wait=1"}});
  CHECK_MESSAGE(second_one.status == 409, describe(second_one));
  CHECK(second_one.code() == "operation_in_progress");
  fleet.start_worker();
  fleet.wait_until_ready();
  CHECK(harness::eventually(
      [&] { return operation_status(client, late.header("Location")) == "SUCCEEDED"; }));
  CHECK(moment(advance(client, 0)["now"].text()) == began + 60 * second);
}

TEST_CASE("a change of the clock that cannot be is refused with what to change") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}}});
  HttpClient client = fleet.client();
  const Json before = clock_of(client);
  struct Row {
    std::string body;
    std::string expected;  // in the detail
  };
  const std::string scale = "scale must be 0.000001 to 1000000";
  const std::string advance = "seconds to advance must be 0 to 315576000";
  const std::string one_of = R"(either "scale" or "advance_seconds")";
  for (const Row& row :
       std::vector<Row>{{"", "JSON"},
                        {"{", "JSON"},
                        {"[]", "object"},
                        {"{}", one_of},
                        {R"({"scale":null})", one_of},
                        {R"({"seconds":60})", "the nearest name is \"advance_seconds\""},
                        {R"({"scale":1,"advance_seconds":1})", one_of},
                        {R"({"scale":0})", scale},
                        {R"({"scale":-1})", scale},
                        {R"({"scale":1000001})", scale},
                        {R"({"scale":"60"})", "must be a number"},
                        {R"({"scale":NaN})", "JSON"},
                        {R"({"advance_seconds":-1})", advance},
                        {R"({"advance_seconds":-0.001})", advance},
                        {R"({"advance_seconds":315576001})", advance},
                        {R"({"advance_seconds":1e300})", advance},
                        {R"({"advance_seconds":"60"})", "must be a number"}}) {
    CAPTURE(row.body);
    const HttpAnswer answer = client.post("/clock", row.body);
    CHECK_MESSAGE(answer.status == 400, describe(answer));
    CHECK(answer.code() == "invalid_request");
    CHECK_MESSAGE(answer.json()["detail"].text().find(row.expected) != std::string::npos,
                  describe(answer));
  }
  CHECK(client.post("/clock?until=settled", R"({"advance_seconds":1})").status == 400);
  CHECK(client.get("/clock?now=1").status == 400);
  CHECK(client.del("/clock").status == 405);
  const Json after = clock_of(client);
  CHECK(after["now"].text() == before["now"].text());
  CHECK(after["scale"].number() == before["scale"].number());

  // Ten years at once are no bad request.
  CHECK(client.post("/clock", R"({"advance_seconds":315576000})").status == 200);
}
