// Goal: an operator who follows the entries about the queue has it in order again.
// Method: each case makes the state of the entry it is named after, and follows the entry.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/situation.h"

using runbook::ShippedSystem;

namespace {

void pause_workers(ShippedSystem& system) {
  system.shell("nats consumer pause COMMANDS commands 1h -f");
}

// What somebody takes by hand and never acks stays taken for the ack wait; with no worker about.
void take_by_hand(ShippedSystem& system, const std::string& how, int times) {
  for (int i = 0; i < times; ++i) {
    system.shell("nats consumer next COMMANDS commands --count 1 " + how);
  }
}

}  // namespace

TEST_CASE("Queue depth growing") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            system.kill("worker-1");
            ask_for_servers(system, 70, "us-east-1");
            ask_for_servers(system, 50, "eu-west-1");
          },
      .symptom = [](ShippedSystem& system) { return messages_in(system, "COMMANDS") > 100; },
      .after =
          [](ShippedSystem& system) {
            CHECK(system.api().get("/servers?status=RUNNING&limit=1").json()["total"].integer() ==
                  120);
          },
  });
}

TEST_CASE("One server stuck") {
  std::string id;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            id = make_server(system);
            system.kill("worker-1");
            system.shell("nats pub vsim.cmd.us-east-1." + id + R"( '{"type":"stop"}')");
            take_by_hand(system, "--no-ack", 1);
            system.shell("ops/up");
          },
      .symptom =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            return act(api, id, "reboot", {{"Prefer", "wait=0"}}).code() == "operation_in_progress";
          },
  });
}

TEST_CASE("A poison command") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            const std::string id = make_server(system);
            system.kill("worker-1");
            system.shell("nats pub vsim.cmd.us-east-1." + id + R"( '{"type":"stop"}')");
            take_by_hand(system, "--nak", 3);  // as a worker that dies of it would, in effect
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.shell(
                       "nats consumer info COMMANDS commands --json | "
                       "jq .num_redelivered") != "0" &&
                   !system.running("worker-1");
          },
      .after = [](ShippedSystem& system) { CHECK(messages_in(system, "COMMANDS") == 0); },
  });
}

TEST_CASE("Purge commands") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            pause_workers(system);
            ask_for_servers(system, 90, "us-east-1");
            ask_for_servers(system, 30, "eu-west-1");
          },
      .symptom = [](ShippedSystem& system) { return system.metric("vsim_queue_commands") > 100; },
      .after =
          [](ShippedSystem& system) {
            CHECK(system.api().get("/servers?limit=1").json()["total"].integer() == 0);
            CHECK(messages_in(system, "JOURNAL") == 120);
          },
  });
}

TEST_CASE("Dead letters") {
  std::string sent_again;
  std::string mended;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            sent_again = make_server(system);
            mended = make_server(system);
            system.kill("worker-1");
            act(api, sent_again, "stop", {{"Prefer", "respond-async"}});
            take_by_hand(system, "--nak", 10);
            system.shell("ops/up");
            REQUIRE(harness::eventually([&] { return messages_in(system, "DEAD_LETTERS") == 1; }));
            const std::string subject = "vsim.cmd.us-east-1.";
            system.shell("nats pub " + subject + mended + R"( '{"type":"stpo"}')");
            for (const char* rubbish : {" 'hello?'", " '{}'"}) {
              system.shell("nats pub " + subject + harness::random_uuid() + rubbish);
            }
            REQUIRE(harness::eventually([&] { return messages_in(system, "DEAD_LETTERS") == 4; }));
          },
      .symptom = [](ShippedSystem& system) { return system.metric("vsim_dead_letters") > 0; },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            wait_for_status(api, sent_again, "STOPPED");
            wait_for_status(api, mended, "STOPPED");
          },
  });
}

TEST_CASE("Workers too slow") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            pause_workers(system);
            ask_for_servers(system, 600);
          },
      .symptom = [](ShippedSystem& system) { return system.metric("vsim_queue_commands") > 100; },
      .meanwhile =
          [](ShippedSystem& system) {
            system.shell("nats consumer resume COMMANDS commands -f");  // they begin to do it
          },
      .after = [](ShippedSystem& system) { CHECK(system.ready("worker-3")); },
  });
}

TEST_CASE("Undo a purge") {
  std::vector<std::string> ids;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            pause_workers(system);
            ids = ask_for_servers(system, 10);
            system.shell("nats stream purge COMMANDS -f");
            system.shell("nats consumer resume COMMANDS commands -f");
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.api().get("/operations?status=PURGED").json()["items"].size() > 0;
          },
      // The janitor's verdict on each, before anything is put back.
      .meanwhile =
          [](ShippedSystem& system) {
            CHECK(harness::eventually([&] {
              return system.api().get("/operations?status=PURGED").json()["items"].size() == 10;
            }));
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            for (const std::string& id : ids) {
              wait_for_status(api, id, "RUNNING");
            }
          },
  });
}

TEST_CASE("Queue numbers broken") {
  std::string waiting;
  std::string older;
  runbook::follow({
      .set_up =
          [&](ShippedSystem& system) {
            older = make_server(system);
            system.shell("nats stream purge COMMANDS --seq 1000000000000000000 -f");
            waiting = ask_for_servers(system, 1).front();
          },
      .symptom =
          [](ShippedSystem& system) {
            return system.metric("vsim_queue_numbers_broken") == 1 && !system.ready("api") &&
                   !system.ready("worker-1");
          },
      .after =
          [&](ShippedSystem& system) {
            harness::HttpClient api = system.api();
            wait_for_status(api, waiting, "RUNNING");
            CHECK(act(api, older, "stop").status == 200);
            CHECK(act(api, waiting, "stop").status == 200);
          },
  });
}

TEST_CASE("Pause and resume the workers") {
  runbook::follow({
      .set_up =
          [](ShippedSystem& system) {
            pause_workers(system);
            ask_for_servers(system, 3);
          },
      .symptom = [](ShippedSystem& system) { return system.metric("vsim_consumer_paused") == 1; },
  });
}
