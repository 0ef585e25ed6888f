// Goal: GET /events tells every event that the read models hold, once, in the log's order, with the
// server as it is after it, from wherever a client begins; by filter and as pages too; and what it
// costs is bounded. Method: a log of all kinds of events, read from many beginnings by a client
// that parses by the standard's rules (event_source.h) and compared with each other, with the
// pages, with GETs that are made as each event comes, and with the log itself; clients that do not
// read.

#include <functional>
#include <map>

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

constexpr std::size_t streams_max = 12;

/// One system for the file: simulated time stands nearly still but for advances.
Fleet& fleet() {
  static Fleet one({.settings = {{"TIME_SCALE", "0.001"},
                                 {"IDLE_TIMEOUT", "48h"},
                                 {"EVENT_STREAMS", std::to_string(streams_max)}}});
  return one;
}

/// A log with events of all kinds; it grows no more.
struct Log {
  HttpClient client = fleet().client();
  std::string server;  // of us-east-1, tagged team=blue
  std::string since;   // simulated time, when that server was stopped
  std::int64_t end = 0;

  Log() {
    server = create_server(client, {.profile = "instant", .tags = {{"team", "blue"}}})["id"].text();
    create_server(client, {.region = "eu-west-1", .type = "t2.small", .profile = "instant"});
    advance(60);
    since = client.get("/clock").json()["now"].text();
    CHECK(act(client, server, "stop").status == 200);
    CHECK(act(client, server, "stop").status == 409);
    extend_pool(fleet().client(), "10.7.0.0/30");
    CHECK(client
              .request("PUT", "/regions/eu-west-1/incident", R"({"delay_factor":2})",
                       {{"Content-Type", "application/json"}})
              .status == 200);
    CHECK(client.del("/regions/eu-west-1/incident").status == 200);
    const HttpAnswer ended = client.del("/servers/" + server + "?until=settled");
    CHECK(ended.status < 300);
    advance(3600);
    // Bills are drawn up to now, and nothing is left to do.
    REQUIRE(eventually(
        [&] {
          const auto before = end;
          end = e2e::end_of(fleet(), "EVENTS");
          return before == end;
        },
        20s, 1500ms));
  }
  void advance(int seconds) {
    CHECK(client.post("/clock", R"({"advance_seconds":)" + std::to_string(seconds) + "}").status ==
          200);
  }
};

Log& filled_log() {
  static Log one;
  return one;
}

EventSource source(const std::string& query, const HttpHeaders& headers = {}) {
  return EventSource(fleet().api_port(), "/events" + query, headers);
}

/// All that is streamed up to the end of the log as it was filled.
std::vector<StreamedEvent> read_all(const std::string& query, const HttpHeaders& headers = {}) {
  EventSource events = source(query, headers);
  std::vector<StreamedEvent> found;
  do {
    found.push_back(events.next());
  } while (found.back().sequence() < filled_log().end);
  return found;
}

std::vector<std::string> data_of(const std::vector<StreamedEvent>& events) {
  std::vector<std::string> data;
  for (const auto& event : events) {
    data.push_back(event.data);
  }
  return data;
}

/// The items of pages, one page after the other, and the events of the same choice.
std::vector<std::int64_t> sequences_of_pages(const std::string& query, int limit) {
  std::vector<std::int64_t> found;
  for (std::int64_t after = 0;;) {
    const HttpAnswer page = filled_log().client.get("/events?after=" + std::to_string(after) +
                                                    "&limit=" + std::to_string(limit) + query);
    REQUIRE_MESSAGE(page.status == 200, describe(page));
    for (const Json& item : page.json()["items"].elements()) {
      found.push_back(item["sequence"].integer());
    }
    after = page.json()["next_after"].integer();
    if (!page.json()["more"].boolean()) {
      return found;
    }
  }
}

}  // namespace

TEST_CASE("an event that is told can be read by any GET, and holds the server as GET shows it") {
  HttpClient client = fleet().client();
  HttpClient writer = fleet().client();
  EventSource events = source("");
  REQUIRE(events.open() == 200);
  CHECK(events.head().find("text/event-stream") != std::string::npos);
  // The place that it begins at is told at once: an EventSource can come again before any event.
  REQUIRE(eventually([&] {
    events.read_some(100ms);
    return !events.last_event_id().empty();
  }));
  for (int i = 0; i < 5; ++i) {
    const std::string id = create_server(writer, {.profile = "instant"})["id"].text();
    CHECK(writer.del("/servers/" + id).status == 200);
    for (const char* wanted : {"server_provisioned", "server_terminated"}) {
      const auto event = events.up_to(wanted).back();
      const Json told = event.json();
      const HttpAnswer shown = client.get("/servers/" + id);
      CHECK(told["server_id"].text() == id);
      CHECK(told["sequence"].integer() == event.sequence());
      CHECK(told["event"].text() == wanted);
      CHECK(shown.json()["version"].integer() >= told["server"]["version"].integer());
      if (std::string(wanted) == "server_terminated") {
        CHECK(event.data.find("\"server\":" + shown.body + "}") != std::string::npos);
        CAPTURE(event.data);
        CAPTURE(shown.body);
      }
    }
  }
}

TEST_CASE("what a client does when its stream is open it is told, also if it is the only one") {
  HttpClient writer = fleet().client();
  for (int i = 0; i < 8; ++i) {
    EventSource events = source("?event=server_provisioned");
    REQUIRE(events.open() == 200);
    const std::string id = create_server(writer, {.profile = "instant"})["id"].text();
    CHECK(events.next().text("server_id") == id);
    events.close();
    REQUIRE(eventually([] { return fleet().api_metric("vsim_event_streams") == 0; }));
  }
}

TEST_CASE("from the start on the stream is the log, event by event") {
  const Log& log = filled_log();
  const auto all = read_all("?from=start");
  REQUIRE(all.size() == static_cast<std::size_t>(log.end));
  std::map<std::string, std::size_t> types;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].sequence() == static_cast<std::int64_t>(i + 1));
    CHECK(all[i].json()["event"].text() == all[i].type);
    ++types[all[i].type];
  }
  for (const char* type :
       {"server_provisioned", "server_stopped", "server_terminated", "command_rejected",
        "address_claimed", "pool_extended", "incident_set", "incident_lifted", "clock_started",
        "clock_advanced", "deadlines_applied", "billing_watermark"}) {
    CAPTURE(type);
    CHECK(types[type] > 0);
  }
  std::size_t logged = 0;
  for (const auto& [id, events] : e2e::read_event_log(fleet()).servers) {
    std::vector<std::string> wanted;
    for (const auto& event : events) {
      wanted.push_back(event.type + " " + event.status);
    }
    std::vector<std::string> told;
    for (const auto& event : all) {
      if (event.text("server_id") == id && event.type != "address_claimed") {
        told.push_back(event.type + " " + event.of_server("status"));
      }
    }
    CHECK(told == wanted);
    logged += wanted.size();
  }
  CHECK(logged > 0);
}

TEST_CASE("a client resumes behind any event, and gets the same bytes") {
  const auto all = data_of(read_all("?from=start"));
  for (std::size_t after = 0; after < all.size(); after += 1 + all.size() / 9) {
    CAPTURE(after);
    const std::vector<std::string> rest(all.begin() + static_cast<std::ptrdiff_t>(after),
                                        all.end());
    CHECK(data_of(read_all("?after=" + std::to_string(after))) == rest);
    // What an EventSource says when it comes again goes before what its URL says.
    CHECK(data_of(read_all("?after=3", {{"Last-Event-ID", std::to_string(after)}})) == rest);
  }
}

TEST_CASE("a client begins at a time, and gets what bears that time or a later one") {
  const Log& log = filled_log();
  std::vector<std::string> wanted;
  for (const auto& event : read_all("?from=start")) {
    if (event.text("timestamp") >= log.since) {
      wanted.push_back(event.data);
    }
  }
  REQUIRE(!wanted.empty());
  CHECK(data_of(read_all("?since=" + log.since)) == wanted);
}

TEST_CASE("filters choose as their names say, in streams and in pages alike") {
  const Log& log = filled_log();
  const auto all = read_all("?from=start");
  struct Choice {
    std::string query;
    std::function<bool(const StreamedEvent&)> wanted;
  };
  const auto with = [](const std::string& name, const std::string& value) {
    return [=](const StreamedEvent& event) { return event.text(name) == value; };
  };
  const auto of_server = [](const std::string& name, const std::string& value) {
    return [=](const StreamedEvent& event) { return event.of_server(name) == value; };
  };
  const std::vector<Choice> choices = {
      {"&region=eu-west-1", with("region", "eu-west-1")},
      {"&server=" + log.server, with("server_id", log.server)},
      {"&event=server_stopped", with("event", "server_stopped")},
      {"&type=t2.small", of_server("type", "t2.small")},
      {"&status=stopped", of_server("status", "STOPPED")},
      {"&account=default", [](const auto& event) { return !event.text("server_id").empty(); }},
      {"&account=nobody", [](const auto&) { return false; }},
      {"&tag.team=blue",
       [](const auto& event) {
         return event.data.find(R"({"team":"blue"})") != std::string::npos;
       }},
      {"&status=TERMINATED&region=us-east-1", of_server("status", "TERMINATED")},
  };
  for (const Choice& choice : choices) {
    CAPTURE(choice.query);
    std::vector<std::int64_t> wanted;
    for (const auto& event : all) {
      if (choice.wanted(event)) {
        wanted.push_back(event.sequence());
      }
    }
    CHECK(wanted.empty() == (choice.query == "&account=nobody"));
    CHECK(sequences_of_pages(choice.query, 200) == wanted);
    CHECK(sequences_of_pages(choice.query, 3) == wanted);
    EventSource events = source("?from=start" + choice.query);
    std::vector<std::int64_t> told;
    while (told.size() < wanted.size()) {
      told.push_back(events.next().sequence());
    }
    CHECK(told == wanted);
  }
}

TEST_CASE("what cannot be meant is refused with what to change") {
  Log& log = filled_log();
  for (const std::string query :
       {"after=x", "after=-1", "since=yesterday", "since=2999-01-01T00:00:00Z", "from=here",
        "from=start&after=1", "after=", "after=9223372036854775808", "limit=0", "limit=201",
        "status=GONE", "server=web-1", "access_token=secret", "after=1000000"}) {
    CAPTURE(query);
    const HttpAnswer answer = log.client.get("/events?" + query);
    CHECK_MESSAGE(answer.status == 400, describe(answer));
    CHECK(answer.code() == "invalid_request");
  }
  const HttpAnswer beyond = log.client.get("/events", {{"Last-Event-ID", "1000000"}});
  CHECK_MESSAGE(beyond.status == 400, describe(beyond));
  const HttpAnswer head = log.client.request("HEAD", "/events");
  CHECK(head.status == 200);
  CHECK(head.header("Content-Type") == "text/event-stream");
  CHECK(log.client.get("/events", {{"Accept", "application/json"}}).json()["limit"].integer() ==
        100);
}

TEST_CASE("streams are bounded in number, and who does not read is cut and resumes") {
  filled_log();
  REQUIRE(eventually([] { return fleet().api_metric("vsim_event_streams") == 0; }));
  std::vector<EventSource> quiet;
  for (std::size_t i = 0; i + 1 < streams_max; ++i) {
    quiet.push_back(source(""));
    REQUIRE(quiet.back().open() == 200);
  }
  // This one never reads, and its system takes little for it.
  EventSource deaf = source("?from=start");
  REQUIRE(deaf.open_with_buffer(2048) == 200);
  REQUIRE(eventually([] { return fleet().api_metric("vsim_event_streams") == streams_max; }));
  const HttpAnswer refused = fleet().client().get("/events");
  CHECK_MESSAGE(refused.status == 503, describe(refused));
  CHECK(!refused.header("Retry-After").empty());
  CHECK(fleet().api_metric("vsim_event_streams_refused_total") == 1);

  // Silence is broken by comments, no client's by an event.
  REQUIRE(eventually(
      [&] {
        quiet.front().read_some(100ms);
        return quiet.front().comments() > 0;
      },
      30s));
  CHECK(quiet.front().connections() == 1);
  HttpClient client = fleet().client();
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(create_server(client, {.profile = "instant"})["id"].text());
    if (ids.size() >= 20) {
      CHECK(client.del("/servers/" + ids.front()).status == 200);
      ids.erase(ids.begin());
    }
  }
  CHECK(eventually([] { return fleet().api_metric("vsim_event_streams_cut_total") == 1; }, 60s));
  // What it has been sent it still gets, and then the rest by itself.
  const auto end = e2e::end_of(fleet(), "EVENTS");
  for (std::int64_t sequence = 1; sequence <= end; ++sequence) {
    REQUIRE(deaf.next().sequence() == sequence);
  }
  CHECK(deaf.connections() == 2);
}
