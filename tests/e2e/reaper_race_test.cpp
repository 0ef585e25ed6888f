// Goal: of a start and the idle timeout the one that comes first in simulated time wins, a thousand
// times, and nothing is terminated that was started. Method: a clock 600 times as fast as the
// wall's, two workers, stopped servers whose timeout ends within half a second of the start; then
// every server's log is read.

#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/races.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using std::chrono::milliseconds;

namespace {

constexpr int races = 1000;

struct Race {
  std::string server;
  std::string due;  // when the idle timeout ends, RFC 3339: texts compare as times do
  HttpAnswer start;
};

std::string stopped_server(HttpClient& client) {
  const HttpAnswer created =
      client.post("/servers?until=settled",
                  R"({"name":"race","region":"us-east-1","type":"t2.micro","profile":"seed",)"
                  R"("idle_timeout_seconds":240})");
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  return created.json()["id"].text();
}

/// The start comes 0 to 0.8 s of the wall after the stop; the timeout ends 0.4 s after it.
Race run(HttpClient& client, std::minstd_rand& chance) {
  Race race;
  race.server = stopped_server(client);
  const Json server = get_server(client, race.server);
  race.due = server["due_at"].is_null() ? "" : server["due_at"].text();
  // How long is the workload here: nothing is waited for.
  std::this_thread::sleep_for(milliseconds(chance() % 800));
  race.start = act(client, race.server, "start");
  return race;
}

/// The server's events, oldest first, as "event timestamp".
std::vector<std::pair<std::string, std::string>> log_of(HttpClient& client, const std::string& id) {
  std::vector<std::pair<std::string, std::string>> events;
  const Json log = client.get("/servers/" + id + "/logs").json();
  for (const Json& entry : log.elements()) {
    events.insert(events.begin(), {entry["event"].text(), entry["timestamp"].text()});
  }
  return events;
}

void check_winner(HttpClient& client, const Race& race, int& started, int& reaped) {
  const auto events = log_of(client, race.server);
  CAPTURE(race.server);
  CAPTURE(race.due);
  REQUIRE(events.size() >= 4);
  const auto& first = events[2];  // after server_provisioning, server_stopped
  if (race.start.status == 200) {
    ++started;
    CHECK(first.first == "server_starting");
    if (!race.due.empty()) {
      CHECK(first.second < race.due);
    }
    for (const auto& [event, at] : events) {
      CHECK(event != "server_terminated");
    }
    return;
  }
  ++reaped;
  CHECK_MESSAGE(race.start.status == 409, describe(race.start));
  CHECK(race.start.code() == "invalid_transition");
  CHECK(first.first == "server_terminated");
  if (!race.due.empty()) {
    CHECK(first.second == race.due);
  }
  CHECK(events[3].first == "command_rejected");
  CHECK(events[3].second >= first.second);
}

}  // namespace

TEST_CASE("of a start and the idle timeout the earlier one wins, a thousand times") {
  harness::Fleet fleet({.workers = 2, .settings = {{"TIME_SCALE", "600"}}});
  harness::extend_pool(fleet.client(), "10.0.0.0/16");
  const auto done = e2e::run_races(fleet, races, run);
  HttpClient client = fleet.client();
  int started = 0;
  int reaped = 0;
  for (const Race& race : done) {
    check_winner(client, race, started, reaped);
  }
  // A race that one side always wins is none.
  CHECK(started > races / 20);
  CHECK(reaped > races / 20);
  // An address is free again with the reaping, and only then.
  const auto taken = harness::query_value(
      fleet.database_url(), "SELECT count(*) FROM vsim.ip_pool WHERE server_id IS NOT NULL");
  CHECK(taken == std::to_string(started));
  const double reaped_metric = fleet.worker_metric("vsim_servers_reaped_total");
  CHECK(reaped_metric == reaped);
}
