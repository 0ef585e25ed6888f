// Goal: an operator who follows the entries about what has ended has all of it back, and no
// acknowledged command is lost on the way.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <filesystem>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

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
            for (const std::string& id : ids) wait_for_status(api, id, "RUNNING");
          },
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
      .symptom =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            return act(api, id, "stop", {{"Prefer", "wait=0"}}).status == 503;
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            wait_for_status(api, id, "STOPPED");
          },
  });
}

TEST_CASE("Postgres down") {
  std::string id;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            id = make_server(system);
            system.kill("postgres");
          },
      .symptom =
          [&](ShippedSystem& system) { return system.api().get("/servers/" + id).status == 503; },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, id)["status"].text() == "RUNNING");
          },
  });
}

TEST_CASE("Postgres lost") {
  std::string id;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            id = make_server(system);
            system.kill("postgres");
            std::filesystem::remove_all(system.checkout() + "/.run/postgres");
          },
      .symptom =
          [&](ShippedSystem& system) { return system.api().get("/servers/" + id).status == 503; },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            CHECK(get_server(api, id)["status"].text() == "RUNNING");
          },
  });
}
