// Goal: an operator who follows the entries about pools, bills and servers has the simulated fleet
// going on again.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

namespace {

void set_warm_pool(ShippedSystem& system, int target) {
  const std::string body =
      R"({"region":"us-east-1","type":"t2.micro","profile":"instant","target":)" +
      std::to_string(target) + "}";
  const auto set =
      system.api().request("PUT", "/warm-pools/ci", body, {{"Content-Type", "application/json"}});
  REQUIRE_MESSAGE(set.status == 200, describe(set));
}

harness::HttpAnswer acquire(ShippedSystem& system) {
  return system.api().post("/warm-pools/ci/acquire", "{}", {{"Prefer", "wait=1"}});
}

}  // namespace

TEST_CASE("No free addresses") {
  runbook::follow({
      .set_up = [](ShippedSystem& system) { ask_for_servers(system, 100); },
      .symptom =
          [](ShippedSystem& system) {
            const std::string region = R"(region="us-east-1")";
            return system.metric("vsim_pool_addresses_free", region) <
                   0.2 * system.metric("vsim_pool_addresses", region);
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}

TEST_CASE("One region failing") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            make_server(system, "instant");
            system.shell("vsimctl region set us-east-1 --outage stopped --reason 'a fire'");
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.metric("vsim_region_incident", R"(region="us-east-1")") > 0;
          },
      .after =
          [](ShippedSystem& system) {
            make_server(system);
            CHECK(system.shell("psql \"$DATABASE_URL\" -Atc \"SELECT count(*) FROM servers WHERE "
                               "status = 'STOPPED'\"") == "0");
          },
  });
}

TEST_CASE("Warm pool not filling") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            system.shell("vsimctl region set us-east-1 --outage untouched --reason 'a fire'");
            set_warm_pool(system, 4);
          },
      .symptom =
          [](ShippedSystem& system) {
            const std::string pool = R"(pool="ci")";
            return system.metric("vsim_warm_pool_target", pool) == 4 &&
                   system.metric("vsim_warm_pool_ready", pool) < 2;
          },
      .after = [](ShippedSystem& system) { CHECK(acquire(system).status == 200); },
  });
}

TEST_CASE("Drain a warm pool") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            set_warm_pool(system, 2);
            CHECK(harness::eventually([&] { return acquire(system).status == 200; }));
          },
      .symptom =
          [](ShippedSystem& system) { return system.api().get("/warm-pools/ci").status == 200; },
  });
}

TEST_CASE("Acquire is slow") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            set_warm_pool(system, 2);
            CHECK(harness::eventually([&] { return acquire(system).status == 200; }));
            system.shell("nats consumer pause COMMANDS commands 1h -f");
          },
      .symptom = [](ShippedSystem& system) { return acquire(system).status != 200; },
  });
}

TEST_CASE("Billing not advancing") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            make_server(system);
            harness::eventually([&] {  // the first mark
              return system.shell(R"(psql "$DATABASE_URL" -Atc 'TABLE billing_watermarks')") != "";
            });
            system.shell("kill -STOP $(<.run/pid/worker-1.pid)");  // it hangs
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.shell(
                       R"(psql "$DATABASE_URL" -Atc "SELECT min(through) < )"
                       R"('$(curl -s "http://$HTTP_ADDR/clock" | jq -r .now)'::timestamptz )"
                       R"(- interval '600 s' FROM billing_watermarks")") == "t";
          },
      .system = {.settings = {{"TIME_SCALE", "100"}}},
  });
}

TEST_CASE("Idle servers not reaped") {
  std::string id;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            id = make_server(system);
            act(api, id, "stop");
            system.kill("worker-1");
          },
      .symptom =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            const harness::Json server = get_server(api, id);
            return server["status"].text() == "STOPPED" &&
                   server["due_at"].text() < api.get("/clock").json()["now"].text();
          },
      .system = {.settings = {{"IDLE_TIMEOUT", "10s"}}},
  });
}

TEST_CASE("Stuck in a transition") {
  std::string stuck;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            // ec2's delays are long enough to end the worker within one.
            stuck = make_server(system, "ec2");
            system.kill("worker-1");
          },
      .symptom =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            const harness::Json server = get_server(api, stuck);
            return server["status"].text() == "PENDING" &&
                   server["due_at"].text() < api.get("/clock").json()["now"].text();
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, stuck)["status"].text() == "RUNNING");  // healed, so not ended
          },
      .system = {.settings = {{"TIME_SCALE", "10"}}},
  });
}
