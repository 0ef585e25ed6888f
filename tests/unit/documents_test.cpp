// Goal: what the API shows of servers, lists, logs and operations has a fixed form, and live
// figures follow the server's own bill. Method: rows made by hand, compared with the whole document
// or the members in question.

#include "schema/http/documents.h"

#include <doctest/doctest.h>

#include "schema/http/cursor.h"

namespace vsim::http {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Instant noon{Duration(1'772'366'400'000)};  // 2026-03-01T12:00:00Z

read_model::ServerRow running_server() {
  read_model::ServerRow row;
  row.id = "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7";
  row.name = "web \"1\"";
  row.region = "us-east-1";
  row.type = "t2.micro";
  row.status = "RUNNING";
  row.ip = "192.168.10.1";
  row.profile = "standard";
  row.tags_json = R"({"team": "a"})";
  row.version = 4;  // two commands were refused since its last change
  row.account = "default";
  row.changed_version = 2;
  row.created_at = noon;
  row.updated_at = noon + seconds(3);
  row.last_started_at = noon + seconds(3);
  row.hourly_rate = {100};
  row.bill = {seconds(1800), noon + seconds(3)};
  row.idle_timeout = std::chrono::minutes(30);
  return row;
}

TEST_CASE("a server is shown whole, in a fixed order") {
  CHECK(render_server(running_server(), noon + seconds(3) + hours(1)) ==
        R"({"id":"0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7","name":"web \"1\"","region":"us-east-1",)"
        R"("type":"t2.micro","status":"RUNNING","ip":"192.168.10.1","profile":"standard",)"
        R"("account":"default","tags":{"team": "a"},"version":2,)"
        R"("created_at":"2026-03-01T12:00:00.000Z",)"
        R"("updated_at":"2026-03-01T12:00:03.000Z","last_started_at":"2026-03-01T12:00:03.000Z",)"
        R"("due_at":null,"termination_reason":null,"failure":null,"health":"ok",)"
        R"("interruption_at":null,"expires_at":null,"warm_pool":null,"assigned_at":null,)"
        R"("idle_timeout_seconds":1800,)"
        R"("accrued_seconds":1800,"accrued_cost":0.005,"hourly_rate":0.01,)"
        R"("live_uptime_seconds":5400,"live_cost":0.015})");
}

TEST_CASE("a caller sees the end of a lease beside that of a transition") {
  auto server = running_server();
  server.due = server.expires_at = noon + hours(2);
  server.due_turn = "lease_end";
  const auto shown = render_server(server, noon + hours(3));
  CHECK(shown.find(R"("due_at":null,)") != std::string::npos);
  CHECK(shown.find(R"("expires_at":"2026-03-01T14:00:00.000Z",)") != std::string::npos);
  CHECK(shown.find(R"("live_uptime_seconds":8997,)") != std::string::npos);  // up to the end
}

TEST_CASE("a server of a warm pool says which, and since when it is somebody's") {
  auto server = running_server();
  server.warm_pool = "ci";
  CHECK(render_server(server, noon).find(R"("warm_pool":"ci","assigned_at":null,)") !=
        std::string::npos);
  server.assigned_at = noon + seconds(5);
  CHECK(render_server(server, noon).find(R"("assigned_at":"2026-03-01T12:00:05.000Z",)") !=
        std::string::npos);
}

TEST_CASE("a warm pool is shown whole, and a page says where the next one begins") {
  WarmPoolView view;
  view.pool.id = {"team-a", "ci"};
  view.pool.terms = {.region = Region{"us-east-1"},
                     .instance_type = "t2.micro",
                     .profile = std::nullopt,
                     .tags = {{"team", "a"}},
                     .target = 20,
                     .replenish_below = 10,
                     .warming_max = 5,
                     .on_release = OnRelease::reset};
  view.pool.created_at = noon;
  view.pool.updated_at = noon + hours(1);
  view.pool.ready = 17;
  view.pool.warming = 3;
  view.pool.assigned = 12;
  view.pool.hits = 240;
  view.pool.failed = 5;
  view.misses = 2;
  view.acquire_p50 = std::chrono::milliseconds(500);
  const std::string whole =
      R"({"name":"ci","account":"team-a","region":"us-east-1","type":"t2.micro","profile":null,)"
      R"("tags":{"team":"a"},"target":20,"replenish_below":10,"warming_max":5,)"
      R"("on_release":"reset","draining":false,"ready":17,"warming":3,"assigned":12,"broken":0,)"
      R"("hits":240,"misses":2,"failed":5,"acquire_p50_seconds":0.5,"acquire_p99_seconds":null,)"
      R"("created_at":"2026-03-01T12:00:00.000Z","updated_at":"2026-03-01T13:00:00.000Z"})";
  CHECK(render_warm_pool(view) == whole);
  CHECK(render_warm_pool_page({view, view}, 1) ==
        R"({"items":[)" + whole + R"(],"limit":1,"next_after":"team-a/ci"})");
  CHECK(render_warm_pool_page({view}, 1).ends_with(R"("next_after":null})"));
  CHECK(read_warm_pool_position("team-a/ci") == view.pool.id);
  for (const char* wrong : {"", "ci", "/ci", "team-a/", "Team/ci", "team-a/c_i", "a/b/c"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_warm_pool_position(wrong));
  }
}

TEST_CASE("a caller sees when a transition ends, and no hazard before it comes") {
  auto server = running_server();
  server.due = noon + hours(2);
  server.due_turn = "host_failure";
  CHECK(render_server(server, noon).find(R"("due_at":null,)") != std::string::npos);
  server.status = "REBOOTING";
  server.transition_due = noon + hours(3);
  CHECK(render_server(server, noon).find(R"("due_at":"2026-03-01T15:00:00.000Z",)") !=
        std::string::npos);
  server.failure = Failure{"boot_failed", "no \"kernel\""};
  server.health = "impaired";
  server.interruption_at = noon + hours(1);
  const auto text = render_server(server, noon);
  CHECK(text.find(R"("failure":{"code":"boot_failed","detail":"no \"kernel\""},)"
                  R"("health":"impaired","interruption_at":"2026-03-01T13:00:00.000Z",)") !=
        std::string::npos);
}

TEST_CASE("what is accrued follows the watermark, what is live follows the clock") {
  auto server = running_server();
  const Instant began = *server.bill.open_since;
  const auto at = [&](std::optional<Instant> watermark) {
    server.billed_through = watermark;
    return render_server(server, began + hours(1));
  };
  CHECK(at(std::nullopt).find(R"("accrued_seconds":1800,"accrued_cost":0.005,)") !=
        std::string::npos);
  CHECK(at(began).find(R"("accrued_seconds":1800,)") != std::string::npos);
  CHECK(at(began + seconds(60)).find(R"("accrued_seconds":1860,)") != std::string::npos);
  CHECK(at(began + seconds(60)).find(R"("live_uptime_seconds":5400,)") != std::string::npos);
  // A watermark that is ahead of our clock.
  CHECK(at(began + hours(2)).find(R"("accrued_seconds":9000,)") != std::string::npos);
  CHECK(at(began + hours(2)).find(R"("live_uptime_seconds":9000,)") != std::string::npos);
}

TEST_CASE("live figures go no further than a deadline that is not applied (issue 12, 2)") {
  auto server = running_server();
  server.status = "REBOOTING";
  server.due = noon + seconds(13);
  const auto live = [&](Instant now) { return render_server(server, now); };
  CHECK(live(noon + seconds(12)).find(R"("live_uptime_seconds":1809,)") != std::string::npos);
  CHECK(live(noon + seconds(13)).find(R"("live_uptime_seconds":1810,)") != std::string::npos);
  CHECK(live(noon + hours(5)) == live(noon + seconds(13)));
}

TEST_CASE("a clock that is behind the server's last event does not make the bill run backwards") {
  const auto late = render_server(running_server(), noon + seconds(3));
  const auto early = render_server(running_server(), noon - hours(5));
  CHECK(late == early);
}

TEST_CASE("a server whose create waits in the queue is PENDING") {
  Create create;
  create.name = "web";
  create.instance_type = "t2.micro";
  const auto json = render_queued_server({"id-1", "us-east-1", "team-a", create});
  CHECK(json.starts_with(
      R"({"id":"id-1","name":"web","region":"us-east-1","type":"t2.micro",)"
      R"("status":"PENDING","ip":null,"profile":null,"account":"team-a","tags":{},"version":0,)"));
}

TEST_CASE("a page hides the item that only says that more follow") {
  read_model::ServerPage page;
  page.total = 3;
  page.items = {running_server(), running_server(), running_server()};
  page.items[1].created_at = noon - hours(1);
  const auto full = render_server_page(page, 2, 0, noon);
  const auto cursor = encode_cursor({noon - hours(1), page.items[1].id});
  CHECK(full.ends_with(R"("total":3,"limit":2,"offset":0,"next_cursor":")" + cursor + "\"}"));
  const auto last = render_server_page(page, 3, 10, noon);
  CHECK(last.ends_with(R"("total":3,"limit":3,"offset":10,"next_cursor":null})"));
  CHECK(render_server_page({}, 50, 0, noon) ==
        R"({"items":[],"total":0,"limit":50,"offset":0,"next_cursor":null})");
}

TEST_CASE("a log is an array of events") {
  const std::vector<read_model::ServerEventRow> events = {
      {2, noon, "server_started", "Running.", "timekeeper", "", "", 7}};
  CHECK(render_server_log(events) ==
        R"([{"version":2,"timestamp":"2026-03-01T12:00:00.000Z","event":"server_started",)"
        R"("message":"Running.","actor":"timekeeper","operation_id":null,"request_id":null,)"
        R"("sequence":7}])");
  CHECK(render_server_log({}) == "[]");
}

TEST_CASE("an operation shows what is known of it") {
  read_model::OperationRow operation;
  operation.id = "op";
  operation.type = "stop";
  operation.status = "PENDING";
  operation.region = "us-east-1";
  operation.server_id = "srv";
  operation.actor = "api";
  operation.command_sequence = 57;
  CHECK(render_operation({operation, {}}) ==
        R"({"id":"op","type":"stop","status":"PENDING","region":"us-east-1","server_id":"srv",)"
        R"("code":null,"detail":null,"account":null,"actor":"api","request_id":null,)"
        R"("command_sequence":57,)"
        R"("event_sequence":null,"decided_at":null,"settled_at":null})");
  CHECK(
      render_operation_page({operation, operation}, 1).ends_with(R"("limit":1,"next_before":57})"));
}

TEST_CASE("until it has settled a success counts as PENDING where that was asked for (12.12)") {
  using Settled = std::optional<read_model::Settled>;
  const auto status = [](const char* outcome, const Settled& settled, bool until) {
    OperationView view{{}, settled, until};
    view.operation.status = outcome;
    return std::string(view.status());
  };
  CHECK(status("SUCCEEDED", {}, true) == "PENDING");
  CHECK(status("SUCCEEDED", {}, false) == "SUCCEEDED");
  CHECK(status("SUCCEEDED", {{noon}}, true) == "SUCCEEDED");
  CHECK(status("REJECTED", {}, true) == "REJECTED");
  CHECK(status("PURGED", {}, true) == "PURGED");
  CHECK(status("PENDING", {}, false) == "PENDING");
  OperationView settled{{}, {{noon}}, true};
  CHECK(render_operation(settled).ends_with(
      R"("decided_at":null,"settled_at":"2026-03-01T12:00:00.000Z"})"));
}

TEST_CASE("what another command has broken off is no success where its end was asked for (12.12)") {
  OperationView view{{}, {{noon, true}}, true};
  view.operation.status = "SUCCEEDED";
  CHECK(view.status() == "SUPERSEDED");
  const auto text = render_operation(view);
  CHECK(text.find(R"("status":"SUPERSEDED")") != std::string::npos);
  CHECK(text.find(R"("code":"superseded","detail":"the command was carried out, but another)") !=
        std::string::npos);
  CHECK(text.ends_with(R"("settled_at":"2026-03-01T12:00:00.000Z"})"));
  view.until_settled = false;
  CHECK(view.status() == "SUCCEEDED");
  CHECK(render_operation(view).find(R"("code":null,"detail":null)") != std::string::npos);
}

TEST_CASE("regions and types are lists of items") {
  read_model::RegionRow troubled{"us-east-1", 100, 99};
  troubled.incident.emplace();
  troubled.incident->number = 3;
  troubled.incident->until = noon;
  troubled.incident->content = "{}";
  CHECK(render_regions({{"us-east-1", 100, 99}}, {}) ==
        R"({"items":[{"name":"us-east-1","addresses_total":100,"addresses_free":99,)"
        R"("incident":null}]})");
  CHECK(render_region(troubled, {}).find(R"("incident":{"number":3,)") != std::string::npos);
  CHECK(render_region(troubled, noon).find(R"("incident":null)") != std::string::npos);
  CHECK(render_types({{"t2.micro", {100}}}) ==
        R"({"items":[{"name":"t2.micro","hourly_rate":0.01}]})");
}

TEST_CASE("the clock is shown with what has been applied, and never earlier") {
  read_model::ClockRow clock;
  clock.time.scale = 60;
  clock.time.seed = 7;
  clock.deadlines_applied = noon;
  CHECK(render_clock(clock, noon + seconds(1)) ==
        R"({"now":"2026-03-01T12:00:01.000Z","scale":60,"seed":7,)"
        R"("deadlines_applied":"2026-03-01T12:00:00.000Z"})");
  clock.time.scale = 0.5;
  CHECK(render_clock(clock, noon - seconds(1)) ==
        R"({"now":"2026-03-01T12:00:00.000Z","scale":0.5,"seed":7,)"
        R"("deadlines_applied":"2026-03-01T12:00:00.000Z"})");
}

}  // namespace
}  // namespace vsim::http
