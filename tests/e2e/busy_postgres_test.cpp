// Goal (issue 12, 15): a Postgres that answers but refuses delays no caller for long, the cause is
// named, and everything goes on when the cause has gone.
// Method: it is made read-only, has no session to give, or another session locks its tables.

#include <doctest/doctest.h>

#include "tests/e2e/waiting_clients.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/servers.h"

using namespace e2e;
using namespace harness;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t callers = 200;

std::string worker_reasons(Fleet& fleet) {
  return HttpClient(fleet.worker_port()).get("/readyz").body;
}

}  // namespace

TEST_CASE("a Postgres that became read-only holds the projection up, and is called read-only") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string database = fleet.database();
  const std::string owner = fleet.postgres().url(database);
  const auto set_read_only = [&](const std::string& value) {
    query(owner, "ALTER SYSTEM SET default_transaction_read_only TO " + value);
    query(owner, "SELECT pg_reload_conf()");
    query(owner,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          " WHERE usename IN ('vsim_api', 'vsim_worker')");
  };
  set_read_only("on");
  const HttpAnswer stop = act(client, id, "stop", {{"Prefer", "wait=1"}});
  CHECK_MESSAGE(stop.status == 202, describe(stop));
  std::string reasons;
  CHECK_MESSAGE(eventually([&] {
                  reasons = worker_reasons(fleet);
                  return reasons.find("read-only") != std::string::npos;
                }),
                reasons);
  CHECK(reasons.find("message") == std::string::npos);
  CHECK(fleet.worker_metric("vsim_projection_stopped") == 0);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");  // reads go on
  const Output examined = fleet.vsimctl({"doctor"});
  CHECK_MESSAGE(examined.text.find("read-only") != std::string::npos, examined.text);
  CHECK_MESSAGE(examined.text.find("unknown event") == std::string::npos, examined.text);

  set_read_only("off");
  fleet.wait_until_ready(60s);
  CHECK(wait_for_status(client, id, "STOPPED")["id"].text() == id);
}

TEST_CASE("a Postgres without a free session is 503 in time, is reported as that, and heals") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const std::string owner = fleet.postgres().url(fleet.database());
  for (const std::string role : {"vsim_api", "vsim_worker", "vsim_operator"}) {
    query(owner, "ALTER ROLE " + role + " CONNECTION LIMIT 0");
    query(owner,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + role + "'");
  }
  for (const TimedAnswer& timed : timed_gets(fleet.api_port(), "/servers/" + id, callers)) {
    check_unavailable_within(timed, silent_answer_max);
  }
  check_probes_are_prompt(fleet);
  std::string reasons;
  CHECK_MESSAGE(eventually([&] {
                  reasons = worker_reasons(fleet);
                  return reasons.find("too many connections") != std::string::npos;
                }),
                reasons);
  const Output status = fleet.vsimctl({"status"});
  CHECK_MESSAGE(status.text.find("Postgres gives no session") != std::string::npos, status.text);
  const HttpAnswer stop = act(client, id, "stop", {{"Prefer", "wait=1"}});
  CHECK_MESSAGE(stop.status == 202, describe(stop));

  for (const std::string role : {"vsim_api", "vsim_worker", "vsim_operator"}) {
    query(owner, "ALTER ROLE " + role + " CONNECTION LIMIT -1");
  }
  fleet.wait_until_ready(60s);
  CHECK(wait_for_status(client, id, "STOPPED")["id"].text() == id);
}

TEST_CASE("a lock that somebody holds on the tables ends waits in time, and all goes on after it") {
  for (const std::string table : {"servers", "projection_checkpoint"}) {
    CAPTURE(table);
    Fleet fleet;
    HttpClient client = fleet.client();
    const std::string id = create_server(client, {.profile = "instant"})["id"].text();
    {
      const OpenTransaction held(fleet.postgres().url(fleet.database()),
                                 "LOCK TABLE vsim." + table + " IN ACCESS EXCLUSIVE MODE");
      if (table == "servers") {
        for (const TimedAnswer& timed : timed_gets(fleet.api_port(), "/servers/" + id, callers)) {
          check_unavailable_within(timed, silent_answer_max);
        }
      }
      check_probes_are_prompt(fleet);
      const TimedAnswer stop = timed_stop(fleet.api_port(), id, {{"Prefer", "wait=3"}});
      CHECK_MESSAGE(stop.answer.status == 202, describe(stop.answer));
      CHECK_MESSAGE(stop.took < silent_answer_max, stop.took.count(), " ms");
      std::string reasons;
      CHECK_MESSAGE(eventually(
                        [&] {
                          reasons = worker_reasons(fleet);
                          return reasons.find("holds a lock") != std::string::npos;
                        },
                        30s),
                    reasons);
      // And it stays the reason while each try waits for the lock anew, about 5 s.
      CHECK_FALSE(eventually(
          [&] { return worker_reasons(fleet).find("holds a lock") == std::string::npos; }, 6s));
      CHECK(fleet.worker_metric("vsim_projection_stopped") == 0);
    }
    fleet.wait_until_ready(60s);
    CHECK(wait_for_status(client, id, "STOPPED")["id"].text() == id);
  }
}
