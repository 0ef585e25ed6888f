// Goal (issue 16, 4): a server with a lease is terminated at its end, whatever its state; the end
// can be moved by HTTP and by hand, once for each command, never beyond LEASE_MAX; log, bill and
// past show it. And of an extension and the end the one that comes first in simulated time wins.
// Method: a clock that moves by advances only; then one 600 times as fast as the wall's, servers
// whose leases end within half a second of the extension, and their logs.

#include <algorithm>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/races.h"
#include "tests/e2e/sim_time.h"
#include "tests/harness/child_process.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::hour;
using e2e::moment;
using e2e::second;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;

namespace {

HttpAnswer create(HttpClient& client, std::int64_t lease_seconds,
                  const std::string& profile = "instant", const std::string& query = "") {
  return client.post("/servers" + query,
                     R"({"name":"leased","region":"us-east-1","type":"t2.micro","profile":")" +
                         profile + R"(","lease_seconds":)" + std::to_string(lease_seconds) + "}");
}

Json leased(HttpClient& client, std::int64_t lease_seconds,
            const std::string& profile = "instant") {
  const HttpAnswer created = create(client, lease_seconds, profile);
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  return created.json();
}

HttpAnswer extend(HttpClient& client, const std::string& id, std::int64_t by,
                  const HttpHeaders& headers = {}, const std::string& query = "") {
  return client.post("/servers/" + id + "/lease" + query,
                     R"({"extend_seconds":)" + std::to_string(by) + "}", headers);
}

std::int64_t end_of(const Json& server) { return moment(server["expires_at"].text()); }

struct Ground {
  harness::Fleet fleet{{.settings = {{"TIME_SCALE", e2e::standing_still}, {"LEASE_MAX", "2h"}}}};
  HttpClient client = fleet.client();

  void check_log() {
    const harness::Output output = fleet.vsimctl({"verify"});
    CHECK_MESSAGE(output.ending.code == 0, output.text);
  }
};

void check_expired(HttpClient& client, const std::string& id, std::int64_t at) {
  CAPTURE(id);
  const Json server = get_server(client, id);
  CHECK(server["status"].text() == "TERMINATED");
  CHECK(server["termination_reason"].text() == "lease_expired");
  CHECK(server["expires_at"].is_null());
  const Json event = e2e::event_of(client, id, "server_terminated");
  CHECK(moment(event["timestamp"].text()) == at);
  CHECK(event["actor"].text() == "timekeeper");
  CHECK(event["message"].text().starts_with("Terminated at the end of its lease; "));
}

constexpr int races = 100;

struct Race {
  std::string server;
  std::string due;  // RFC 3339: texts compare as times do
  HttpAnswer extension;
};

/// The extension comes 0 to 0.8 s of the wall after the create; the lease ends 0.4 s after it.
Race run(HttpClient& client, std::minstd_rand& chance) {
  const Json server = leased(client, 240);
  Race race{server["id"].text(), server["expires_at"].text(), {}};
  // How long is the workload here: nothing is waited for.
  std::this_thread::sleep_for(std::chrono::milliseconds(chance() % 800));
  race.extension = extend(client, race.server, 80'000);
  return race;
}

/// Whether the extension has won.
bool check_winner(HttpClient& client, const Race& race) {
  CAPTURE(race.server);
  CAPTURE(race.due);
  const Json log = client.get("/servers/" + race.server + "/logs").json();
  REQUIRE(log.size() >= 2);
  const Json& first = log.at(log.size() - 2);  // after server_provisioned
  const std::string at = first["timestamp"].text();
  if (race.extension.status == 200) {
    CHECK(first["event"].text() == "lease_extended");
    CHECK(at < race.due);
    CHECK(end_of(race.extension.json()) == moment(race.due) + 80'000 * second);
    CHECK(log.size() == 2);
    return true;
  }
  CHECK_MESSAGE(race.extension.status == 409, describe(race.extension));
  CHECK(first["event"].text() == "server_terminated");
  CHECK(at == race.due);
  CHECK(log.at(0)["event"].text() == "command_rejected");
  return false;
}

}  // namespace

TEST_CASE("a lease ends its server to the millisecond; by HTTP and by hand the end is moved") {
  Ground ground;
  auto& client = ground.client;
  const Json server = leased(client, 3600);
  const std::string id = server["id"].text();
  const auto created = moment(server["created_at"].text());
  CHECK(end_of(server) == created + hour);
  CHECK(server["due_at"].is_null());
  CHECK(create_server(client)["expires_at"].is_null());

  // By a key once, however often; not by one who has not seen the last change.
  const HttpHeaders keyed = {{"Idempotency-Key", "lease-1"}, {"If-Match", "\"1\""}};
  const HttpAnswer extended = extend(client, id, 600, keyed);
  CHECK_MESSAGE(extended.status == 200, describe(extended));
  CHECK(end_of(extended.json()) == created + 4200 * second);
  CHECK(extended.header("ETag") == "\"2\"");
  const HttpAnswer again = extend(client, id, 600, keyed);
  CHECK(again.header("Idempotent-Replayed") == "true");
  CHECK(end_of(again.json()) == created + 4200 * second);
  CHECK(extend(client, id, 600, {{"If-Match", "\"1\""}}).status == 412);
  CHECK(end_of(get_server(client, id)) == created + 4200 * second);
  CHECK(e2e::event_of(client, id, "lease_extended")["message"].text() ==
        "Lease extended, to end in 4200 s");

  const HttpAnswer later = extend(client, id, 60, {{"Prefer", "respond-async"}});
  CHECK(later.status == 202);
  REQUIRE(harness::eventually(
      [&] { return operation_status(client, later.header("Location")) == "SUCCEEDED"; }));
  REQUIRE(ground.fleet
              .nats_cli({"pub", "vsim.cmd.us-east-1." + id,
                         R"({"type":"extend_lease","extend_seconds":40})"})
              .ending.clean());
  REQUIRE(harness::eventually(
      [&] { return end_of(get_server(client, id)) == created + 4300 * second; }));

  e2e::advance(client, 4300 * second - 1);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  e2e::advance(client, 1);
  check_expired(client, id, created + 4300 * second);
  CHECK(get_server(client, id)["live_uptime_seconds"].integer() == 4300);
  const HttpAnswer too_late = extend(client, id, 600);
  CHECK(too_late.status == 409);
  CHECK(too_late.code() == "invalid_transition");
  const Json past = client.get("/servers/" + id + "?at=" + e2e::rfc3339(created)).json();
  CHECK(past["status"].text() == "RUNNING");
  CHECK(end_of(past) == created + 4300 * second);
  ground.check_log();
}

TEST_CASE("a lease ends what is under way, stopped or idle, and no lease is too long") {
  Ground ground;
  auto& client = ground.client;
  // The clock stands still, so what waits for a transition would wait for ever.
  const Json pending = leased(client, 1, "standard");
  const std::string id = pending["id"].text();
  CHECK(pending["status"].text() == "PENDING");
  const HttpAnswer extended = extend(client, id, 1, {}, "?until=settled");
  CHECK_MESSAGE(extended.status == 200, describe(extended));
  const HttpAnswer queued = extend(client, id, 1, {{"Prefer", "respond-async"}}, "?until=settled");
  const std::string operation = queued.header("Location");
  CHECK(operation.ends_with("?until=settled"));
  REQUIRE(harness::eventually([&] { return operation_status(client, operation) == "SUCCEEDED"; }));
  const Json settled = client.get(operation).json();
  CHECK(settled["settled_at"].text() == settled["decided_at"].text());
  CHECK(end_of(get_server(client, id)) == moment(pending["created_at"].text()) + 3 * second);

  const Json stopped = leased(client, 3600);
  CHECK(act(client, stopped["id"].text(), "stop").status == 200);
  const Json idle = get_server(client, stopped["id"].text());
  CHECK(moment(idle["due_at"].text()) < end_of(idle));  // half an hour

  const auto detail = [](const HttpAnswer& refused) {
    CHECK(refused.status == 422);
    CHECK(refused.code() == "lease_too_long");
    return refused.json()["detail"].text();
  };
  CHECK(detail(create(client, 7201)) ==
        "a lease may end 7200 s from now at most (LEASE_MAX): ask for that or less");
  CHECK(create(client, 7200).status == 201);
  const std::string running = leased(client, 3600)["id"].text();
  CHECK(detail(extend(client, running, 3601)) ==
        "a lease may end 7200 s from now at most (LEASE_MAX), and this one ends in 3600 s: extend "
        "it by 3600 s or less");
  CHECK(extend(client, running, 3600).status == 200);
  const Json free = create_server(client, {.profile = "instant"});
  const HttpAnswer first = extend(client, free["id"].text(), 60);
  CHECK(end_of(first.json()) == moment(free["created_at"].text()) + 60 * second);
  CHECK(extend(client, harness::random_uuid(), 60).status == 404);

  e2e::advance(client, hour);
  check_expired(client, free["id"].text(), end_of(first.json()));
  CHECK(get_server(client, stopped["id"].text())["termination_reason"].text() == "idle_timeout");
  CHECK(get_server(client, running)["status"].text() == "RUNNING");
  e2e::advance(client, hour);
  check_expired(client, running, moment(free["created_at"].text()) + 2 * hour);
  CHECK(harness::query_value(ground.fleet.database_url(),
                             "SELECT count(*) FROM vsim.ip_pool WHERE status <> 'FREE'") == "0");
  ground.check_log();
}

TEST_CASE("of an extension and the end of the lease the earlier one wins") {
  harness::Fleet fleet({.workers = 2, .settings = {{"TIME_SCALE", "600"}}});
  harness::extend_pool(fleet.client(), "10.0.0.0/20");
  const auto done = e2e::run_races(fleet, races, run);
  HttpClient client = fleet.client();
  const auto extended = std::count_if(done.begin(), done.end(),
                                      [&](const Race& race) { return check_winner(client, race); });
  // A race that one side always wins is none.
  CHECK(extended > 0);
  CHECK(extended < races);
  CHECK(fleet.worker_metric("vsim_leases_expired_total") == races - static_cast<double>(extended));
  // An address is free again with the end, and only then.
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT count(*) FROM vsim.ip_pool WHERE server_id IS NOT NULL") ==
        std::to_string(extended));
}
