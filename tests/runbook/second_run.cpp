#include "tests/runbook/second_run.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"
#include "tests/runbook/load.h"
#include "tests/runbook/typing.h"

namespace runbook {
namespace {

/// Of a stream: which it is (when it was made) and what it holds.
struct Held {
  std::string made;
  long messages = 0;
  long first = 0;
};

// Where no entry's case uses up the addresses.
constexpr const char* region = "eu-west-1";

struct Precious {
  std::string server;   // runs
  std::string waiting;  // its create waits in the queue
  std::map<std::string, Held> streams;
};

Held look_at(const ShippedSystem& system, const std::string& stream) {
  const harness::Json info =
      harness::Json::parse(system.shell("nats stream info " + stream + " --json"));
  return {info["created"].text(), static_cast<long>(info["state"]["messages"].integer()),
          static_cast<long>(info["state"]["first_seq"].integer())};
}

bool puts_purged_back(const Entry& entry) {
  return std::any_of(entry.blocks.begin(), entry.blocks.end(), [](const Block& block) {
    return block.commands.find("journal replay") != std::string::npos;
  });
}

std::size_t purged(ShippedSystem& system) {
  return system.api().get("/operations?status=PURGED&limit=200").json()["items"].size();
}

Precious put_in(ShippedSystem& system, const Entry& entry) {
  harness::HttpClient api = system.api();
  Precious precious;
  precious.server = make_server(system, "instant", region);
  const std::size_t before = purged(system);
  system.shell("nats consumer pause COMMANDS commands 1h -f");
  const std::string subject = fmt::format("vsim.cmd.{}.{}", region, precious.server);
  const std::string terminate = R"( '{"type":"terminate","force":true,"reason":"harm"}' -J)";
  system.shell("nats pub " + subject + terminate + "; nats stream purge COMMANDS -f");
  if (puts_purged_back(entry)) {
    REQUIRE(harness::eventually([&] { return purged(system) == before + 1; }));
  }
  system.shell("nats pub vsim.dlq._other -H 'Vsim-Dead-Subject:" + subject +
               "' -H 'Vsim-Dead-Reason:unreadable'" + terminate);
  precious.waiting = ask_for_servers(system, 1, region).front();
  for (const char* stream : {"EVENTS", "JOURNAL", "DEAD_LETTERS"}) {
    precious.streams[stream] = look_at(system, stream);
  }
  return precious;
}

void check_unharmed(ShippedSystem& system, const Precious& precious) {
  if (!system.ready("api") || !system.ready("worker-1")) {
    system.shell("ops/up");
  }
  system.shell("nats consumer resume COMMANDS commands -f || true");
  harness::HttpClient api = system.api();
  wait_for_status(api, precious.waiting, "RUNNING");  // no command is lost
  REQUIRE(harness::eventually([&] { return messages_in(system, "COMMANDS") == 0; }));
  CHECK(get_server(api, precious.server)["status"].text() == "RUNNING");
  for (const auto& [stream, before] : precious.streams) {
    CAPTURE(stream);
    const Held now = look_at(system, stream);
    CHECK(now.made == before.made);
    CHECK(now.first == before.first);
    CHECK(now.messages >= before.messages);
  }
}

}  // namespace

void check_second_run(ShippedSystem& system, const Entry& entry) {
  const Precious precious = put_in(system, entry);
  const std::string printed = type_each_alone(system, entry);
  INFO(printed);
  check_unharmed(system, precious);
}

}  // namespace runbook
