// Goal: an operator who follows the entries about what has ended has all of it back, and no
// acknowledged command is lost on the way.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"
#include "tests/harness/wrong_clock.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

namespace {

/// A server was made, then Postgres killed and more done to it; in the end the server runs still.
runbook::Situation without_postgres(std::string& id,
                                    const std::function<void(ShippedSystem&)>& more) {
  return {
      .set_up =
          [&id, more](ShippedSystem& system) {
            id = make_server(system);
            system.kill("postgres");
            more(system);
          },
      .symptom = [](ShippedSystem& system) { return system.api_metric("vsim_postgres_up") == 0; },
      .after =
          [&id](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, id)["status"].text() == "RUNNING");
          },
  };
}

/// The machine goes down, and comes back in another boot, with the streams that are in `synced`.
void cut_power(ShippedSystem& system) {
  // The projector's commits reach Postgres' files a moment later; this one takes them along.
  system.admin_shell(R"(psql "$DATABASE_URL" -c 'ANALYZE vsim.servers')");
  for (const char* part : {"api", "worker-1", "nats", "postgres"}) {
    system.kill(part);
  }
  system.shell(
      "rm -r .run/nats; mv synced .run/nats; sed -i 's/.*/before/' .run/unsynced; "
      "sed -i 's/^[^ ]*/before/' .run/pid/*.began");
  const auto said = system.run("VSIM_READY_WITHIN_SECONDS=1 ops/up");  // it is not ready
  CHECK_MESSAGE(
      said.text.find("The machine went down while durability was process") != std::string::npos,
      said.text);
}

}  // namespace

TEST_CASE("Workers down") {
  std::vector<std::string> ids;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            system.kill("worker-1");
            ids = ask_for_servers(system, 3);
          },
      .symptom = [](ShippedSystem& system) { return system.readiness("worker-1").empty(); },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            for (const std::string& id : ids) {
              wait_for_status(api, id, "RUNNING");
            }
          },
  });
}

TEST_CASE("Clocks apart") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            // The API comes to a machine whose clock is what the file `clock` says.
            std::string wrapper = "#!/bin/sh\n";
            for (const auto& [name, value] : harness::with_clock("")) {
              if (name != "FAKETIME") {
                wrapper += "export " + name + "=" + value + "\n";
              }
            }
            wrapper += "export FAKETIME_TIMESTAMP_FILE=" + system.checkout() + "/clock\n" +
                       "export FAKETIME_CACHE_DURATION=1\nexec " + system.programs() +
                       "/vsim-api-itself \"$@\"\n";
            system.shell("echo +30s >clock; mv programs/vsim-api programs/vsim-api-itself");
            harness::write_file(system.programs() + "/vsim-api", wrapper);
            system.shell("chmod +x programs/vsim-api; ops/up");
          },
      .symptom =
          [](ShippedSystem& system) { return system.api_metric("vsim_clock_offset_seconds") > 2; },
      .meanwhile = [](ShippedSystem& system) { system.shell("echo +0s >clock"); },
      .after = [](ShippedSystem& system) { make_server(system); },
  });
}

TEST_CASE("NATS down") {
  std::string id;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            id = make_server(system);
            system.kill("nats");
          },
      .symptom = [](ShippedSystem& system) { return system.api_metric("vsim_nats_up") == 0; },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(act(api, id, "stop").status == 200);
          },
  });
}

TEST_CASE("Postgres down") {
  std::string id;
  runbook::follow(without_postgres(id, [](ShippedSystem&) {}));
}

TEST_CASE("Postgres lost") {
  std::string id;
  runbook::follow(without_postgres(id, [](ShippedSystem& system) {
    std::filesystem::remove_all(system.checkout() + "/.run/postgres");
  }));
}

TEST_CASE("Projection lag") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            make_server(system);
            // A session that was left open with a lock.
            system.shell(
                R"(psql "$DATABASE_URL" -c 'SET ROLE vsim_worker; BEGIN; LOCK TABLE vsim.servers; )"
                R"(SELECT pg_sleep(600)' >/dev/null 2>&1 &)");
            harness::eventually([&] {
              return system.shell(R"(psql "$DATABASE_URL" -Atc "SELECT count(*) FROM pg_locks )"
                                  R"(WHERE mode = 'AccessExclusiveLock' AND granted")") != "0";
            });
            ask_for_servers(system, 20);
          },
      .symptom =
          [](ShippedSystem& system) { return system.metric("vsim_projection_lag_seconds") > 5; },
      .after =
          [](ShippedSystem& system) {
            CHECK(system.api().get("/servers?limit=1").json()["total"].integer() == 21);
          },
  });
}

TEST_CASE("Projector stopped at an unknown event") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            // The build that runs is the newer one; what is put in its place knows one event less.
            harness::HttpClient api = system.api();
            const std::string id = make_server(system, "standard");
            wait_for_status(api, id, "RUNNING");
            act(api, id, "reboot");
            system.shell(
                "cd programs; sed s/server_rebooting/server_repointed/g vsim-worker >old; "
                "chmod +x old; mv vsim-worker new; mv old vsim-worker");
            system.kill("worker-1");
            system.admin_shell(R"(psql "$DATABASE_URL" -c 'DROP SCHEMA vsim CASCADE')");
            system.run("VSIM_READY_WITHIN_SECONDS=1 ops/up");  // it says that it is not ready
          },
      .symptom =
          [](ShippedSystem& system) { return system.metric("vsim_projection_stopped") == 1; },
      .meanwhile =
          [](ShippedSystem& system) { system.shell("mv programs/new programs/vsim-worker"); },
      .after =
          [](ShippedSystem& system) {
            CHECK(system.api().get("/servers?limit=1").json()["total"].integer() == 1);
          },
  });
}

TEST_CASE("The log went backwards") {
  std::string kept;
  std::string lost;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            kept = make_server(system);
            system.shell("ops/down; cp -a .run/nats backup; ops/up");
            lost = make_server(system);
            system.shell("ops/down; rm -r .run/nats; mv backup .run/nats");
            system.run("VSIM_READY_WITHIN_SECONDS=1 ops/up");  // it says that it is not ready
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.metric("vsim_projection_stopped") == 1 &&
                   system.readiness("worker-1").find("the log went backwards") != std::string::npos;
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, kept)["status"].text() == "RUNNING");
            CHECK(api.get("/servers/" + lost).status == 404);
            CHECK(system.shell("cat lost-events-*.txt").find(lost) != std::string::npos);
          },
  });
}

TEST_CASE("The log is damaged") {
  std::string kept;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            kept = make_server(system);
            system.shell(
                "mkdir -p backup/today; nats stream backup EVENTS backup/today/EVENTS "
                "--no-progress");
            harness::HttpClient api = system.api();
            create_server(api, {.name = "bit-rot", .profile = "instant"});
            create_server(api, {.name = "later", .profile = "instant"});
            system.kill("worker-1");  // it would fill the tables again before all is down
            system.admin_shell(R"(psql "$DATABASE_URL" -c 'DROP SCHEMA vsim CASCADE'; ops/down)");
            // One bit of the event in which the server came to be.
            system.run(
                "LC_ALL=C sed -i '0,/bit-rot/s//bit-rou/' "
                ".run/nats/jetstream/VSIM/streams/EVENTS/msgs/*.blk");
            system.run("VSIM_READY_WITHIN_SECONDS=1 ops/up");  // it says that it is not ready
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.metric("vsim_projection_stopped") == 1 &&
                   system.readiness("worker-1").find("of EVENTS is lost") != std::string::npos;
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, kept)["status"].text() == "RUNNING");
            CHECK(api.get("/servers?name=bit-rot").json()["total"].integer() == 0);
            make_server(system);
          },
  });
}

TEST_CASE("After a power cut") {
  std::string kept;
  std::string lost;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            kept = make_server(system);
            system.shell("ops/down; cp -a .run/nats synced; ops/up");
            lost = make_server(system);
            cut_power(system);
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.readiness("worker-1").find("the log went backwards") != std::string::npos;
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, kept)["status"].text() == "RUNNING");
            CHECK(api.get("/servers/" + lost).status == 404);
            CHECK(system.shell("cat lost-events-*.txt").find(lost) != std::string::npos);
            CHECK(system.run("ops/up").text.find("went down") == std::string::npos);
            make_server(system);
          },
      .system = {.settings = {{"DURABILITY", "process"}}, .locked = true},
  });
}

TEST_CASE("HTTP errors or slow answers") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            make_server(system);
            system.kill("postgres");
          },
      .symptom = [](ShippedSystem& system) { return system.api().get("/servers").status == 503; },
  });
}
