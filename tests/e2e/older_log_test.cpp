// Goal: a log that was restored from an older copy is found by its hash in every process, whatever
// has been appended to it meanwhile; nothing more is appended to it; what is lost is listed whole;
// and a rebuild is the way out, also for parts that were at work (issue 20, A.5).
// Method: the broker's store is kept, more is done, and the broker comes back on the kept one, on a
// clock that owes a billing tick every tenth of a second.

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/sim_time.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/gate.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using e2e::expect;
using e2e::holds;
using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Output;

namespace {

const harness::FleetOptions many_ticks{
    .settings = {{"TIME_SCALE", "600"}, {"BILLING_INTERVAL", "60s"}, {"IDLE_TIMEOUT", "0s"}}};
const harness::HttpHeaders at_once = {{"Prefer", "respond-async"}};

bool says(HttpClient client, const std::string& words) {
  const auto answer = client.get("/readyz");
  return answer.status == 503 && answer.body.find(words) != std::string::npos;
}

/// A log of which a copy is kept, and what was done after that.
struct Story {
  explicit Story(Fleet& fleet) : client(fleet.client()) {
    kept = create_server(client, {.profile = "instant"})["id"].text();
    fleet.worker().terminate();
    end = e2e::end_of(fleet, "EVENTS");
    fleet.nats().keep_store();
    fleet.start_worker();
    fleet.wait_until_ready();
    lost = create_server(client, {.profile = "instant"})["id"].text();
    REQUIRE(act(client, kept, "stop").status == 200);
  }
  HttpClient client;
  std::string kept;
  std::string lost;
  std::int64_t end = 0;  // of the log that was kept
};

/// All that Postgres has of servers behind the kept log's end, in the list and counted.
void check_list(Fleet& fleet, const Story& story) {
  const std::string events = harness::query_value(
      fleet.database_url(),
      "SELECT count(*) FROM server_events WHERE sequence > " + std::to_string(story.end));
  REQUIRE(std::stoi(events) >= 2);
  const Output list = expect(0, fleet.vsimctl({"lost"}));
  CAPTURE(list.text);
  CHECK(holds(list, "\n" + events + " events of the read models are not in EVENTS"));
  CHECK(holds(list, story.lost));
  CHECK(holds(list, story.kept));
  CHECK(holds(list, "server_stopped"));
}

void check_way_out(Fleet& fleet, Story& story) {
  expect(0, fleet.vsimctl({"rebuild", "--yes"}));
  fleet.wait_until_ready();
  CHECK(holds(expect(0, fleet.vsimctl({"lost"})), "0 events of the read models"));
  CHECK(story.client.get("/servers/" + story.lost).status == 404);
  CHECK(fleet.worker_metric("vsim_log_unsound") == 0);
  CHECK(create_server(story.client, {.profile = "instant"})["status"].text() == "RUNNING");
  expect(0, fleet.vsimctl({"verify"}));
}

}  // namespace

TEST_CASE("nothing is appended to a log that went backwards, and what is lost is listed whole") {
  Fleet fleet(many_ticks);
  Story story(fleet);
  bool at_work = true;
  SUBCASE("by a worker at work") {}
  SUBCASE("by a worker that starts") { at_work = false; }
  if (!at_work) {
    fleet.worker().terminate();
  }
  fleet.nats().restart_on_kept_store();
  if (!at_work) {
    fleet.start_worker();
  }
  CHECK(eventually([&] { return says(fleet.client(), "the log went backwards"); }));
  CHECK(eventually([&] {
    return says(HttpClient(fleet.worker_port()), "the log went backwards") &&
           fleet.worker_metric("vsim_log_unsound") == 1;
  }));
  const auto waiting = act(story.client, story.kept, "stop", at_once);
  REQUIRE_MESSAGE(waiting.status == 202, harness::describe(waiting));
  const auto now = [&] { return e2e::moment(e2e::clock_of(story.client)["now"].text()); };
  const auto many_boundaries_later = now() + e2e::second * 60 * 30;
  REQUIRE(eventually([&] { return now() > many_boundaries_later; }));
  CHECK(e2e::end_of(fleet, "EVENTS") == story.end);
  CHECK(story.client.get(waiting.header("Location")).json()["status"].text() == "PENDING");
  check_list(fleet, story);
  check_way_out(fleet, story);
  wait_for_status(story.client, story.kept, "STOPPED");  // by the command that waited
}

TEST_CASE(
    "a log that went backwards is found by its hash when it is as long as before, or longer") {
  Fleet fleet;
  Story story(fleet);
  const auto former = e2e::end_of(fleet, "EVENTS");
  fleet.worker().terminate();
  fleet.nats().restart_on_kept_store();
  REQUIRE(e2e::end_of(fleet, "EVENTS") == story.end);
  const Output clock = fleet.nats_cli_as(
      "admin",
      {"req", "$JS.API.DIRECT.GET.EVENTS", R"({"last_by_subj":"vsim.evt.clock"})", "--raw"});
  REQUIRE(clock.ending.clean());
  while (e2e::end_of(fleet, "EVENTS") < former + 3) {
    REQUIRE(fleet.nats_cli_as("admin", {"pub", "vsim.evt.clock", clock.text, "--no-templates"})
                .ending.clean());
  }
  fleet.start_worker();
  const std::string words = "of EVENTS is not the one that has been projected";
  CHECK(eventually([&] { return says(fleet.client(), words); }));
  CHECK(eventually([&] { return says(HttpClient(fleet.worker_port()), words); }));
  REQUIRE(act(story.client, story.kept, "stop", at_once).status == 202);
  CHECK(eventually([&] { return fleet.worker_metric("vsim_log_unsound") == 1; }));
  CHECK(e2e::end_of(fleet, "EVENTS") == former + 3);
  check_list(fleet, story);
}

TEST_CASE("what is projected while vsimctl lost looks is not lost") {
  Fleet fleet;
  harness::extend_pool(fleet.client(), "10.20.0.0/18");  // more than is made while it looks
  harness::Gate gate(harness::socket_path(fleet.postgres()));
  gate.delay(std::chrono::milliseconds(200));  // between its looks at the log and at Postgres
  harness::ChildOptions lost;
  lost.argv = {harness::product_program("vsimctl"), "lost"};
  lost.environment = fleet.environment_of("operator");
  lost.environment["DATABASE_URL"] =
      harness::through_port(lost.environment["DATABASE_URL"], gate.port());
  std::atomic<int> made = 0;
  std::jthread writer([&](const std::stop_token& stop) {
    HttpClient client = fleet.client();
    while (!stop.stop_requested()) {
      const auto answer = client.post("/servers", harness::create_body({.profile = "instant"}));
      made += answer.status == 201 ? 1 : 0;
    }
  });
  REQUIRE(eventually([&] { return made > 0; }));
  const int before = made;
  CHECK(holds(expect(0, harness::run_program(lost)), "0 events of the read models"));
  CHECK(made > before);
}
