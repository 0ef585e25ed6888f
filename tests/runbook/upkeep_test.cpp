// Goal: an operator who follows the entries about upkeep has done it, and the system still works.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

TEST_CASE("Disk filling") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            // A small disk, and what a benchmark has left behind.
            system.shell("sed -i 's/max_file: .*/max_file: 20MB/' ops/servers/nats-server.conf.in");
            system.shell("ops/up");
            system.admin_shell("nats stream add BENCH --subjects left.over --defaults");
            system.admin_shell(
                "nats bench js pub async left.over --stream BENCH --msgs 4300 "
                "--size 4000 --no-progress");
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.metric("vsim_broker_store_bytes") >
                   0.8 * system.metric("vsim_broker_store_bytes_max");
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}

TEST_CASE("Backup and restore") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            for (int i = 0; i < 5; ++i) {
              make_server(system);
            }
          },
      .symptom =
          [](ShippedSystem& system) {
            return !std::filesystem::exists(system.checkout() + "/backup");
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}

TEST_CASE("Rolling upgrade") {
  std::vector<std::string> ids;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            // Another file with other content lies where the programs were started from.
            system.shell(
                "cd programs; for p in vsim-api vsim-worker; do cp $p new; "
                "echo >>new; mv new $p; done");
            ids = ask_for_servers(system, 20);
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.shell("for f in .run/pid/*.pid; do readlink /proc/$(<$f)/exe; done")
                       .find("deleted") != std::string::npos;
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            for (const std::string& id : ids) {
              wait_for_status(api, id, "RUNNING");
            }
            // Versions before this one stop at a blank line.
            CHECK(system.shell("stat -c %s .run/settings") == "0");
          },
      .system = {.workers = 2},
  });
}

TEST_CASE("Drain for maintenance") {
  std::vector<std::string> ids;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            // A setting that needs a restart.
            system.shell(
                "sed -i 's/^shared_buffers.*/shared_buffers = 144MB/' "
                "ops/servers/postgresql.conf.in");
            ids = ask_for_servers(system, 20);
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.shell(R"(psql "$DATABASE_URL" -Atc 'SHOW shared_buffers')") != "144MB";
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            for (const std::string& id : ids) {
              wait_for_status(api, id, "RUNNING");
            }
            // What it was started with has come back, to the last worker.
            CHECK(system.shell("tr '\\0' '\\n' </proc/$(<.run/pid/worker-3.pid)/environ | "
                               "grep ^IDLE") == "IDLE_TIMEOUT=45m");
          },
      .system = {.workers = 3, .settings = {{"IDLE_TIMEOUT", "45m"}}},
  });
}

TEST_CASE("Capacity review") {
  runbook::follow({
      .set_up = [](ShippedSystem& system) { ask_for_servers(system, 60); },
      .symptom =
          [](ShippedSystem& system) {
            const std::string region = R"(region="us-east-1")";
            return system.metric("vsim_pool_addresses_free", region) <
                   0.5 * system.metric("vsim_pool_addresses", region);
          },
  });
}

TEST_CASE("Security breach") {
  std::string password;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            make_server(system);
            password = system.shell("echo $NATS_URL");
            system.run(". .run/env; nats stream rm EVENTS -f --timeout 1s");  // refused, and noted
          },
      .symptom =
          [&](ShippedSystem& system) {
            return system.run("PATH=.run/bin:$PATH nats --server " + password + " stream ls")
                .ending.clean();
          },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}

TEST_CASE("Rotate credentials") {
  std::string password;
  const auto check_for_its_owner_alone = [](ShippedSystem& system) {
    const std::string secrets = ".run/secrets .run/env .run/admin.env";
    CHECK(std::stoi(system.shell("find " + secrets + " -type f | wc -l")) >= 5);
    CHECK(system.shell("find " + secrets + " -type f ! -perm 600") == "");
    CHECK(system.shell("find .run/secrets -maxdepth 0 ! -perm 700") == "");
  };
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            make_server(system);
            check_for_its_owner_alone(system);
            password = system.shell("echo $NATS_URL");
          },
      .symptom =
          [&](ShippedSystem& system) {
            return system.run("PATH=.run/bin:$PATH nats --server " + password + " stream ls")
                .ending.clean();
          },
      .after =
          [&](ShippedSystem& system) {
            check_for_its_owner_alone(system);
            make_server(system);
          },
  });
}

TEST_CASE("Reset everything") {
  runbook::follow({
      .set_up = [](ShippedSystem& system) { make_server(system); },
      .symptom =
          [](ShippedSystem& system) {
            return system.api().get("/servers?limit=1").json()["total"].integer() > 0;
          },
      .after = [](ShippedSystem& system) { make_server(system); },
      .system = {},  // TLS and keys would go with all the rest
  });
}
