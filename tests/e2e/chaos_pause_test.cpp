// Goal: a worker that slept through the ack wait does no harm when it wakes up with old deliveries.
// Method: SIGSTOP one of two workers; stop every server of a fleet, so that some of those commands
// lie in the sleeper's hands until the other one gets them; let newer commands follow; SIGCONT. The
// sleeper must do nothing with what it held, and the log must not have changed by it. The ack wait
// is 10 s: a third of the time for which the sleeper's pull requests stand, so that no command is
// given to it so often that it becomes a dead letter. For as long a worker may be without the time:
// it wakes up on either side of that limit, and acks stale deliveries or gives them back.

#include <csignal>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/storm.h"
#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"

using std::chrono::seconds;

namespace {

constexpr std::size_t servers = 40;

/// The action on every server, each carried out before this returns.
void act_on_all(harness::HttpClient& client, const std::vector<std::string>& ids,
                const std::string& action, std::vector<e2e::Write>& writes) {
  std::vector<std::string> operations;
  for (const std::string& id : ids) {
    e2e::Write write;
    write.request_id = action + "-" + std::to_string(writes.size());
    write.server_id = id;
    const harness::HttpAnswer answer =
        act(client, id, action, {{"Prefer", "respond-async"}, {"X-Request-Id", write.request_id}});
    REQUIRE_MESSAGE(answer.status == 202, describe(answer));
    write.status = answer.status;
    writes.push_back(write);
    operations.push_back(answer.header("Location"));
  }
  for (const std::string& operation : operations) {
    CHECK(harness::eventually([&] { return operation_status(client, operation) == "SUCCEEDED"; },
                              seconds(45)));
  }
}

double stale(harness::Fleet& fleet, std::size_t worker) {
  return fleet.worker_metric(worker, "vsim_commands_total", R"(outcome="stale")");
}

double succeeded(harness::Fleet& fleet, std::size_t worker) {
  return fleet.worker_metric(worker, "vsim_commands_total", R"(outcome="succeeded")");
}

}  // namespace

TEST_CASE("a worker paused past the ack wait carries out nothing of what it held") {
  const harness::SchemaCopy schema;
  schema.set_ack_wait(std::chrono::seconds(10));
  harness::Fleet fleet({.workers = 2, .schema_dir = schema.path()});
  harness::HttpClient client = fleet.client();
  // The sleeper takes commands only: what it holds shall be deliveries, not the projector's lock.
  fleet.worker(0).terminate();
  fleet.start_worker(0, {{"ROLES", "commands"}});
  fleet.wait_until_ready();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < servers || fleet.worker_metric(0, "vsim_commands_total") == 0; ++i) {
    ids.push_back(create_server(client, {.profile = "instant"})["id"].text());
  }
  std::vector<e2e::Write> writes;
  const double before_sleep = succeeded(fleet, 0);
  fleet.worker(0).signal(SIGSTOP);
  act_on_all(client, ids, "stop", writes);   // some through the sleeper's hands
  act_on_all(client, ids, "start", writes);  // newer ones follow
  CHECK(e2e::waiting_commands(fleet) == 0);
  const auto before = e2e::read_event_log(fleet);
  CHECK_MESSAGE(fleet.worker_metric(1, "vsim_command_redeliveries_total") > 0,
                "the sleeper had no delivery in its hands: nothing was tested");

  fleet.worker(0).signal(SIGCONT);
  fleet.wait_until_ready();
  CHECK(stale(fleet, 1) == 0);
  for (const std::string& id : ids) {
    CHECK(get_server(client, id)["status"].text() == "RUNNING");
  }
  const auto after = e2e::read_event_log(fleet);
  for (const std::string& id : ids) {
    CHECK(after.servers.at(id).size() == before.servers.at(id).size());
    CHECK(after.servers.at(id).size() == 3);  // provisioned, stopped, started
  }
  CHECK(succeeded(fleet, 0) == before_sleep);
  // And it recovers: both take commands again.
  bool runs = true;
  CHECK(harness::eventually([&] {
    act_on_all(client, ids, runs ? "stop" : "start", writes);
    runs = !runs;
    return succeeded(fleet, 0) > before_sleep;
  }));
  e2e::check_truth(fleet, writes);
}

TEST_CASE("a paused projector and timekeeper are waited for, not replaced by wrong answers") {
  harness::Fleet fleet({.settings = {{"TIME_SCALE", "10"}}});
  harness::HttpClient client = fleet.client();
  const std::string id = create_server(client)["id"].text();
  fleet.worker().signal(SIGSTOP);
  const harness::HttpAnswer late = act(client, id, "terminate", {{"Prefer", "wait=2"}});
  CHECK_MESSAGE(late.status == 202, describe(late));
  fleet.worker().signal(SIGCONT);
  wait_for_status(client, id, "TERMINATED");
  const harness::Json log = client.get("/servers/" + id + "/logs").json();
  for (std::size_t i = 0; i + 1 < log.size(); ++i) {
    CHECK(log.at(i)["timestamp"].text() >= log.at(i + 1)["timestamp"].text());
  }
}
