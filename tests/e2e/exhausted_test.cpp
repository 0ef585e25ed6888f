// Goal: a command that kills every worker does not lock its server for ever. Method: the broker
// delivers at most twice, and both deliveries are taken by the stock nats CLI and never acked, as
// by a worker that dies each time. When workers pull again, the broker's advisory says that the
// deliveries are used up, and the janitor buries the command.

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::HttpAnswer;
using harness::Json;
using std::chrono::seconds;

TEST_CASE("a command whose deliveries are used up becomes a dead letter, and its slot is free") {
  const harness::SchemaCopy schema;
  schema.set_ack_wait(seconds(1));
  schema.replace("messages/streams.json", R"("max_deliver": 20)", R"("max_deliver": 2)");
  harness::Fleet fleet({.schema_dir = schema.path()});
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", "timekeeper,billing,projector,janitor"}});

  const HttpAnswer stop = act(client, id, "stop", {{"Prefer", "respond-async"}});
  REQUIRE_MESSAGE(stop.status == 202, describe(stop));
  for (int delivery = 0; delivery < 2; ++delivery) {
    REQUIRE(eventually(
        [&] {
          return fleet
              .nats_cli({"consumer", "next", "COMMANDS", "commands", "--count", "1", "--no-ack"})
              .ending.clean();
        },
        seconds(20)));
  }
  // Workers again: the broker has nothing for them, and says so to the janitor.
  fleet.worker().terminate();
  fleet.start_worker(0);
  const std::string operation = "/operations/" + stop.json()["id"].text();
  CHECK(eventually([&] { return client.get(operation).json()["status"].text() == "DEAD_LETTERED"; },
                   seconds(20)));
  CHECK(eventually([&] { return e2e::waiting_commands(fleet) == 0; }));
  CHECK(fleet.worker_metric("vsim_dead_letters_total") == 1);

  const harness::Output letter =
      fleet.nats_cli({"stream", "get", "DEAD_LETTERS", "--last-for", "vsim.dlq.us-east-1." + id});
  for (const std::string part :
       {"Vsim-Dead-Reason: exhausted", "Vsim-Dead-Error: delivered 2 times",
        "Vsim-Dead-Subject: vsim.cmd.us-east-1.", "Vsim-Dead-Sequence: ", "Vsim-Dead-Deliveries: 2",
        "Vsim-Dead-Time: ", R"({"type":"stop"})"}) {
    CHECK_MESSAGE(letter.text.find(part) != std::string::npos, part, "\n", letter.text);
  }
  CHECK(get_server(client, id)["status"].text() == "RUNNING");

  fleet.wait_until_ready();
  const HttpAnswer again = act(client, id, "stop");
  CHECK_MESSAGE(again.status == 200, describe(again));
}
