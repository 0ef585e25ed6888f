// Goal: what stands idle is terminated when its timeout ends, by whichever setting counts, and its
// bill and its address end with it. Method: a clock that hardly moves by itself, servers with
// timeouts of their own, of IDLE_TIMEOUT and without any, stopped at once; then a month passes.

#include <doctest/doctest.h>

#include "tests/e2e/sim_time.h"
#include "tests/harness/child_process.h"
#include "tests/harness/database.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

std::string stopped_server(HttpClient& client, const std::string& more) {
  const HttpAnswer created = client.post(
      "/servers",
      R"({"name":"idle","region":"us-east-1","type":"t2.micro","profile":"instant")" + more + "}");
  REQUIRE_MESSAGE(created.status == 201, describe(created));
  const std::string id = created.json()["id"].text();
  const HttpAnswer stopped = act(client, id, "stop");
  REQUIRE_MESSAGE(stopped.status == 200, describe(stopped));
  return id;
}

}  // namespace

TEST_CASE("a stopped server is reaped at the end of the timeout that holds for it, or never") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", e2e::standing_still}, {"IDLE_TIMEOUT", "5m"}}});
  HttpClient client = fleet.client();
  const std::string by_setting = stopped_server(client, "");
  const std::string by_its_own = stopped_server(client, R"(,"idle_timeout_seconds":60)");
  const std::string never = stopped_server(client, R"(,"idle_timeout_seconds":0)");
  e2e::advance(client, 30 * e2e::day);

  const auto check_reaped = [&](const std::string& id, std::int64_t idle_ms) {
    CAPTURE(id);
    const Json server = get_server(client, id);
    CHECK(server["status"].text() == "TERMINATED");
    CHECK(server["termination_reason"].text() == "idle_timeout");
    const auto at = [&](const char* event) {
      return e2e::moment(e2e::event_of(client, id, event)["timestamp"].text());
    };
    CHECK(at("server_terminated") == at("server_stopped") + idle_ms);
    // The bill stopped at the stop, a month before now.
    CHECK(server["live_uptime_seconds"].integer() <= 2);
    CHECK(server["accrued_seconds"].integer() == server["live_uptime_seconds"].integer());
  };
  check_reaped(by_setting, 300'000);
  check_reaped(by_its_own, 60'000);
  CHECK(get_server(client, never)["status"].text() == "STOPPED");
  CHECK(harness::query_value(fleet.database_url(),
                             "SELECT string_agg(server_id::text, ',') FROM vsim.ip_pool "
                             "WHERE server_id IS NOT NULL") == never);
  CHECK(fleet.worker_metric("vsim_servers_reaped_total") == 2);
  const std::string log = harness::read_file(fleet.worker().log_path());
  for (const std::string& id : {by_setting, by_its_own}) {
    const auto line = log.find("server reaped");
    REQUIRE(line != std::string::npos);
    CHECK(log.find(id, line) != std::string::npos);
  }
}
