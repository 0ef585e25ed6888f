// Goal: a block of EVENTS that is truncated or gone is reported as what it is, by every part and
// tool, and nothing is decided, appended or rebuilt past it; an index that is old or gone costs
// nothing.
// Method: the files of the broker's store are changed while it is down. A block takes 8 MB, which
// copies of the clock's event fill, made long by spaces; or 32 kB, in a stream that may hold
// little.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <regex>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Fleet;
using harness::HttpClient;
using harness::Output;
namespace files = std::filesystem;

namespace {

using Paths = std::vector<files::path>;

/// The blocks in a folder, the oldest first.
Paths blocks_in(const std::string& folder) {
  Paths blocks;
  for (const auto& file : files::directory_iterator(folder)) {
    if (file.path().extension() == ".blk") {
      blocks.push_back(file.path());
    }
  }
  std::sort(blocks.begin(), blocks.end(), [](const files::path& one, const files::path& other) {
    return std::stol(one.stem()) < std::stol(other.stem());
  });
  return blocks;
}

/// As long as 9 MB of the log.
void fill_a_block(Fleet& fleet) {
  const Output clock = fleet.nats_cli_as(
      "admin",
      {"req", "$JS.API.DIRECT.GET.EVENTS", R"({"last_by_subj":"vsim.evt.clock"})", "--raw"});
  REQUIRE_MESSAGE(clock.ending.clean(), clock.text);
  std::string event = clock.text.substr(0, clock.text.rfind('}') + 1);
  event.insert(1, std::string(200'000, ' '));
  const Output filled = fleet.nats_cli_as(
      "admin", {"pub", "vsim.evt.clock", "--count", "45", "--no-templates", "--force-stdin"},
      event);
  REQUIRE_MESSAGE(filled.ending.clean(), filled.text);
}

std::string make_server(Fleet& fleet, const std::string& name) {
  HttpClient client = fleet.client();
  return create_server(client, {.name = name, .profile = "instant"})["id"].text();
}

bool says(HttpClient&& client, const std::string& words) {
  const auto answer = client.get("/readyz");
  return answer.status == 503 && answer.body.find(words) != std::string::npos;
}

void check_refused(Fleet& fleet, const std::vector<std::string>& command,
                   const std::string& words) {
  const Output output = fleet.vsimctl(command);
  CHECK(output.ending.code != 0);
  CHECK_MESSAGE(output.text.find(words) != std::string::npos, output.text);
}

/// The number in the first "message 7 of EVENTS is lost" of a text; empty: it has none.
std::string lost_message_in(const std::string& text) {
  std::smatch found;
  static const std::regex words("message ([0-9]+) of EVENTS is lost");
  return std::regex_search(text, found, words) ? found[1].str() : "";
}

/// Whether the broker gives the message of EVENTS.
bool is_stored(Fleet& fleet, long sequence) {
  return fleet.nats_cli({"stream", "get", "EVENTS", std::to_string(sequence)}).ending.clean();
}

/// In two subcases: the worker is at work all the while, or starts afterwards.
void damage_events(Fleet& fleet, const std::function<void(const std::string& folder)>& damage) {
  bool at_work = true;
  SUBCASE("with a worker at work") {}
  SUBCASE("with a worker that starts") { at_work = false; }
  if (!at_work) {
    fleet.worker().terminate();
  }
  fleet.nats().restart_after(damage);
  if (!at_work) {
    fleet.start_worker();
  }
}

}  // namespace

TEST_CASE("an index of EVENTS that is gone or old costs nothing") {
  Fleet fleet;
  make_server(fleet, "before");
  SUBCASE("gone") {
    fleet.nats().restart_after(
        [](const std::string& folder) { REQUIRE(files::remove(folder + "/index.db")); });
  }
  SUBCASE("old") {
    std::string old;
    fleet.nats().restart_after(
        [&](const std::string& folder) { old = harness::read_file(folder + "/index.db"); });
    fleet.wait_until_ready();
    make_server(fleet, "between");
    fleet.nats().restart_after([&](const std::string& folder) {
      REQUIRE_FALSE(old == harness::read_file(folder + "/index.db"));
      harness::write_file(folder + "/index.db", old);
    });
  }
  fleet.wait_until_ready();
  make_server(fleet, "after");
  e2e::expect(0, fleet.vsimctl({"verify"}));
}

TEST_CASE("of a block that is truncated the lost messages are named, and nothing is appended") {
  Fleet fleet;
  make_server(fleet, "first");
  make_server(fleet, "last");
  damage_events(fleet, [](const std::string& folder) {
    const files::path block = blocks_in(folder).back();
    files::resize_file(block, files::file_size(block) * 9 / 10);
  });
  CHECK(eventually([&] { return says(fleet.client(), "of EVENTS is lost"); }));
  CHECK(eventually([&] { return says(HttpClient(fleet.worker_port()), "of EVENTS is lost"); }));
  const auto end = e2e::end_of(fleet, "EVENTS");
  HttpClient client = fleet.client();
  const auto accepted =
      client.post("/servers", harness::create_body(), {{"Prefer", "respond-async"}});
  REQUIRE_MESSAGE(accepted.status == 202, describe(accepted));
  check_refused(fleet, {"verify"}, "is not the one that was projected");
  check_refused(fleet, {"doctor"}, "The log is damaged");
  CHECK(client.get(accepted.header("Location")).json()["status"].text() == "PENDING");
  CHECK(e2e::end_of(fleet, "EVENTS") == end);
}

TEST_CASE("a block of EVENTS that is gone is named, and nothing is rebuilt or decided past it") {
  Fleet fleet;
  const std::string lost = make_server(fleet, "lost");
  fill_a_block(fleet);
  make_server(fleet, "whole");
  fleet.wait_until_ready();
  damage_events(fleet, [](const std::string& folder) {
    const Paths blocks = blocks_in(folder);
    REQUIRE(blocks.size() > 1);
    REQUIRE(files::remove(blocks.front()));
  });
  HttpClient client = fleet.client();
  harness::HttpAnswer accepted;
  CHECK(eventually([&] {
    accepted = act(client, lost, "stop", {{"Prefer", "respond-async"}});
    return accepted.status == 202;
  }));
  CHECK(eventually([&] { return says(HttpClient(fleet.worker_port()), "of EVENTS is lost"); }));
  CHECK(client.get(accepted.header("Location")).json()["status"].text() == "PENDING");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"verify"}, std::vector<std::string>{"rebuild", "--yes"}}) {
    CAPTURE(command.front());
    check_refused(fleet, command, "of EVENTS is lost");
    check_refused(fleet, command, "The log is damaged");
  }
  check_refused(fleet, {"doctor"}, "messages of EVENTS are lost");
  check_refused(fleet, {"doctor"}, "The log is damaged");
  CHECK(client.get("/servers").json()["total"].integer() == 2);
}

TEST_CASE("a hole between blocks is named by its first message, and nothing is rebuilt over it") {
  const harness::SchemaCopy schema;
  schema.replace("messages/streams.json", R"("max_bytes": -1)", R"("max_bytes": 127000)");
  Fleet fleet({.schema_dir = schema.path()});
  constexpr int servers = 40;
  for (int i = 0; i < servers; ++i) {
    make_server(fleet, "web-" + std::to_string(i));
  }
  std::function<void(const files::path& block)> damage;
  bool counted = false;  // by the broker, which has not read it
  SUBCASE("a block is gone") {
    damage = [](const files::path& block) { REQUIRE(files::remove(block)); };
  }
  SUBCASE("a block is truncated") {
    damage = [](const files::path& block) {
      files::resize_file(block, files::file_size(block) / 2);
    };
    counted = true;
  }
  SUBCASE("a block is empty") {
    damage = [](const files::path& block) { files::resize_file(block, 0); };
  }
  fleet.nats().restart_after([&](const std::string& folder) {
    const Paths blocks = blocks_in(folder);
    REQUIRE(blocks.size() >= 3);
    damage(blocks[1]);
  });

  const Output verified = e2e::expect(1, fleet.vsimctl({"verify"}));
  const std::string hole = lost_message_in(verified.text);
  REQUIRE_MESSAGE(!hole.empty(), verified.text);
  CHECK(e2e::holds(verified, "The log is damaged"));
  CHECK_FALSE(is_stored(fleet, std::stol(hole)));
  CHECK(is_stored(fleet, std::stol(hole) - 1));
  const std::string named = "message " + hole + " of EVENTS is lost";
  check_refused(fleet, {"rebuild", "--yes"}, named);
  const Output examined = fleet.vsimctl({"doctor"});
  CHECK(e2e::holds(examined, counted ? "vsimctl verify reads them all" : "of EVENTS are lost"));
  CHECK(e2e::holds(examined, "see ops/runbook.md: The log is damaged") != counted);

  const std::string lost = harness::query_value(
      fleet.database_url(), "SELECT server_id FROM server_events WHERE sequence >= " + hole +
                                " ORDER BY sequence LIMIT 1");
  HttpClient client = fleet.client();
  harness::HttpAnswer accepted;
  CHECK(eventually([&] {
    accepted = act(client, lost, "stop", {{"Prefer", "respond-async"}});
    return accepted.status == 202;
  }));
  HttpClient worker(fleet.worker_port());
  CHECK(eventually([&] { return fleet.worker_metric("vsim_commands_held") == 1; }));
  const std::string told = lost_message_in(worker.get("/readyz").body);  // the first that it met
  REQUIRE_FALSE(told.empty());
  CHECK_FALSE(is_stored(fleet, std::stol(told)));
  CHECK(client.get(accepted.header("Location")).json()["status"].text() == "PENDING");
  CHECK(client.get("/servers").json()["total"].integer() == servers);

  fleet.worker().terminate();
  harness::query(fleet.database_url(), "DROP SCHEMA vsim CASCADE");
  fleet.start_worker();
  CHECK(eventually([&] { return fleet.worker_metric("vsim_projection_stopped") == 1; }));
  CHECK(says(HttpClient(fleet.worker_port()), named));
  check_refused(fleet, {"doctor"}, named);
  CHECK(client.get("/servers").json()["total"].integer() < servers);
}
