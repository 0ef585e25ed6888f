// Goal: while a part is away the others say so, promise nothing false, and recover by themselves.
// Method: kill the broker, or Postgres, look at every kind of answer, start it again.

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::create_body;
using harness::HttpAnswer;

namespace {

void check_unavailable(const HttpAnswer& answer) {
  CHECK_MESSAGE(answer.status == 503, describe(answer));
  CHECK(answer.code() == "unavailable");
  CHECK_FALSE(answer.header("Retry-After").empty());
}

void check_not_ready(harness::Fleet& fleet) {
  CHECK(harness::eventually([&] { return fleet.client().get("/readyz").status == 503; }));
  CHECK(harness::eventually(
      [&] { return harness::HttpClient(fleet.worker_port()).get("/readyz").status == 503; }));
  CHECK(fleet.client().get("/healthz").status == 200);
  CHECK(harness::HttpClient(fleet.worker_port()).get("/healthz").status == 200);
}

}  // namespace

TEST_CASE("without the broker reads go on, writes are 503, and all recovers by itself") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.nats().kill();
  check_not_ready(fleet);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");
  CHECK(client.get("/servers").status == 200);
  check_unavailable(client.post("/servers", create_body()));
  check_unavailable(act(client, id, "stop"));

  fleet.nats().restart();
  fleet.wait_until_ready();
  const HttpAnswer stop = act(client, id, "stop");
  CHECK_MESSAGE(stop.status == 200, describe(stop), " ",
                client.get("/servers/" + id + "/logs").body);
  CHECK(client.get("/servers").json()["total"].integer() == 1);
}

TEST_CASE("an API is not ready before the read models hold what the log held when it started") {
  harness::Fleet fleet;
  fleet.worker().terminate();
  fleet.start_worker(0, {{"ROLES", "commands"}});  // nobody projects
  harness::HttpClient client = fleet.client();
  const HttpAnswer accepted =
      client.post("/servers", create_body({.profile = "instant"}), {{"Prefer", "wait=1"}});
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  fleet.api().terminate();
  fleet.start_api();
  CHECK(harness::eventually([&] {
    return client.get("/readyz").body.find("that there were when this API started") !=
           std::string::npos;
  }));
  fleet.worker().terminate();
  fleet.start_worker();
  fleet.wait_until_ready();
  CHECK(client.get("/servers").json()["total"].integer() == 1);
}

TEST_CASE("without Postgres writes are accepted and carried out, reads are 503, all recovers") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.postgres().kill();
  check_not_ready(fleet);
  check_unavailable(client.get("/servers/" + id));
  check_unavailable(client.get("/servers"));
  const HttpAnswer stop = act(client, id, "stop", {{"Prefer", "wait=2"}});
  CHECK_MESSAGE(stop.status == 202, describe(stop));
  const HttpAnswer create =
      client.post("/servers", create_body({.profile = "instant"}), {{"Prefer", "respond-async"}});
  CHECK_MESSAGE(create.status == 202, describe(create));
  const std::string last = "vsim.evt.server.us-east-1." + id;
  CHECK(harness::eventually([&] {
    return fleet.nats_cli({"stream", "get", "EVENTS", "--last-for", last})
               .text.find("server_stopped") != std::string::npos;
  }));

  fleet.postgres().restart();
  fleet.wait_until_ready();
  for (const HttpAnswer& accepted : {stop, create}) {
    CHECK(harness::eventually(
        [&] { return operation_status(client, accepted.header("Location")) == "SUCCEEDED"; }));
  }
  CHECK(get_server(client, id)["status"].text() == "STOPPED");
}

TEST_CASE("when the log went backwards nothing is projected, and readiness says so") {
  harness::Fleet fleet;
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.worker().terminate();
  fleet.nats().restart_empty();
  fleet.vsimctl({"migrate"});
  fleet.start_worker();
  check_not_ready(fleet);
  std::string reasons;
  CHECK_MESSAGE(harness::eventually([&] {
                  reasons = harness::HttpClient(fleet.worker_port()).get("/readyz").body;
                  return reasons.find("went backwards") != std::string::npos;
                }),
                reasons);
  CHECK(get_server(client, id)["status"].text() == "RUNNING");  // the last that was known
}
