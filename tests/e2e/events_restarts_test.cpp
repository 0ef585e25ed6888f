// Goal: a client that comes again by itself, as an EventSource does, gets every event once and in
// order, whatever is restarted, rebuilt, purged or advanced meanwhile.
// Method: one stream from now on beside one part after the other that is killed or stopped, with
// writes in between; in the end the stream is compared with what one from the start says, and with
// that of a second API. Keys: a stream shows its account alone, and ends with its key.

#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/event_source.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using e2e::EventSource;
using e2e::StreamedEvent;
using harness::describe;
using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using harness::Json;
using namespace std::chrono_literals;

namespace {

/// Creates a server with a new client, and reads the stream until it is told.
std::string write_and_hear(Fleet& fleet, EventSource& events, std::vector<StreamedEvent>& heard) {
  HttpClient client = fleet.client();
  std::string id;
  REQUIRE(eventually(
      [&] {
        const HttpAnswer made = client.post(
            "/servers", harness::create_body({.profile = "instant"}), {{"Prefer", "wait=20"}});
        id = made.status == 201 ? made.json()["id"].text() : "";
        return !id.empty();
      },
      60s));
  do {
    heard.push_back(events.next(60s));
  } while (heard.back().type != "server_provisioned" || heard.back().text("server_id") != id);
  return id;
}

}  // namespace

TEST_CASE("over restarts, a rebuild, a purge and a month, each event comes once and in order") {
  Fleet fleet({.apis = 2, .settings = {{"IDLE_TIMEOUT", "48h"}}});
  EventSource events(fleet.api_port(), "/events");
  REQUIRE(events.open() == 200);
  std::vector<StreamedEvent> heard;
  write_and_hear(fleet, events, heard);

  fleet.api().kill();
  fleet.start_api();
  write_and_hear(fleet, events, heard);

  fleet.worker().kill();
  fleet.start_worker();
  write_and_hear(fleet, events, heard);

  fleet.nats().restart();
  write_and_hear(fleet, events, heard);

  fleet.postgres().restart();
  write_and_hear(fleet, events, heard);

  e2e::expect(0, fleet.vsimctl({"rebuild", "--yes"}));
  const std::string idle = write_and_hear(fleet, events, heard);

  e2e::expect(0, fleet.nats_cli({"consumer", "pause", "COMMANDS", "commands", "1h", "-f"}));
  HttpClient client = fleet.client();
  CHECK(client
            .post("/servers", harness::create_body({.profile = "instant"}),
                  {{"Prefer", "respond-async"}})
            .status == 202);
  e2e::expect(0, fleet.nats_cli({"stream", "purge", "COMMANDS", "-f"}));
  const auto purged = events.up_to("command_purged", 60s);
  heard.insert(heard.end(), purged.begin(), purged.end());
  e2e::expect(0, fleet.nats_cli({"consumer", "resume", "COMMANDS", "commands", "-f"}));

  CHECK(act(client, idle, "stop").status == 200);  // it will have stood idle too long
  CHECK(client.post("/clock", R"({"advance_seconds":2592000})").status == 200);
  write_and_hear(fleet, events, heard);
  std::set<std::string> types;
  for (const auto& event : heard) {
    types.insert(event.type);
  }
  CHECK(types.contains("clock_advanced"));
  CHECK(types.contains("server_terminated"));

  // Everything at once, all ports closed for a moment.
  CHECK(fleet.api().terminate().clean());
  fleet.nats().restart();
  fleet.postgres().restart();
  fleet.start_api();
  write_and_hear(fleet, events, heard);

  const auto first = heard.front().sequence();
  for (std::size_t i = 0; i < heard.size(); ++i) {
    REQUIRE(heard[i].sequence() == first + static_cast<std::int64_t>(i));
  }
  EventSource again(fleet.api_port(1), "/events?after=" + std::to_string(first - 1));
  for (const StreamedEvent& event : heard) {
    const StreamedEvent same = again.next();
    REQUIRE(same.data == event.data);
    CHECK(same.type == event.type);
  }
}

TEST_CASE("with keys a stream shows its account alone, and ends with its key") {
  Fleet fleet;
  const HttpHeaders team = {{"Authorization", "Bearer " + fleet.add_key("a", "caller", "team-a")}};
  const HttpHeaders other = {{"Authorization", "Bearer " + fleet.add_key("b", "caller", "team-b")}};
  const HttpHeaders boss = {{"Authorization", "Bearer " + fleet.add_key("o", "operator")}};
  HttpClient client = fleet.client();
  REQUIRE(eventually([&] {  // keys are on, and the last one made is known
    return client.get("/types").status == 401 && client.get("/types", boss).status == 200;
  }));
  CHECK(client.get("/events?access_token=" + team.front().second.substr(7)).status == 401);
  const auto create = [&](const HttpHeaders& headers) {
    const HttpAnswer made =
        client.post("/servers", harness::create_body({.profile = "instant"}), headers);
    REQUIRE_MESSAGE(made.status == 201, describe(made));
    return made.json()["id"].text();
  };
  EventSource own(fleet.api_port(), "/events?from=start", team);
  REQUIRE(own.open() == 200);
  const std::string of_other = create(other);
  const std::string of_team = create(team);
  for (const StreamedEvent& event : own.up_to("server_provisioned")) {
    CHECK(event.text("server_id") == of_team);
  }
  CHECK(client.get("/events?account=team-b", team).status == 403);
  EventSource picked(fleet.api_port(), "/events?from=start&account=team-b", boss);
  for (const StreamedEvent& event : picked.up_to("server_provisioned")) {
    CHECK(event.text("server_id") == of_other);
  }
  EventSource all(fleet.api_port(), "/events?from=start", boss);
  CHECK(all.next().type == "clock_started");

  e2e::expect(0, fleet.vsimctl({"keys", "revoke", "a", "--yes"}));
  CHECK(eventually([&] { return !own.read_some(200ms); }, 30s));
  CHECK(all.read_some(0ms));
}
