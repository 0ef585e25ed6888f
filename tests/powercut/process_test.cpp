// Goal: with --durability process a power cut takes no more than the last moments of the log, what
// it took is told, and the runbook's way ("After a power cut") makes all agree again.
// Method: a storm of writes on a broker that syncs once a second; then its power is cut, while
// Postgres keeps what it had projected, so that the read models are ahead of the log.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/storm.h"
#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"
#include "tests/powercut/powered_fleet.h"
#include "tests/powercut/skip.h"

using powercut::PoweredFleet;
using Clock = std::chrono::steady_clock;

namespace {

/// The broker's second between two syncs, and the time until one is done on a busy machine.
constexpr std::chrono::seconds lost_max{3};

/// The writes that were decided and have no outcome in the log; each one was answered shortly
/// before the cut.
std::size_t check_lost_writes(const e2e::EventLog& log, const std::vector<e2e::Write>& writes,
                              Clock::time_point cut) {
  std::map<std::string, int> outcomes;
  for (const auto& [id, events] : log.servers) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK_MESSAGE(events[i].version == static_cast<std::int64_t>(i + 1), id);
      outcomes[events[i].request_id] += events[i].command_id.empty() ? 0 : 1;
    }
  }
  std::size_t lost = 0;
  for (const e2e::Write& write : writes) {
    const auto found = outcomes.find(write.request_id);
    const int count = found == outcomes.end() ? 0 : found->second;
    CHECK_MESSAGE(count <= 1, write.request_id);
    if ((write.status == 200 || write.status == 201) && count == 0) {
      ++lost;
      CHECK_MESSAGE(write.ended > cut - lost_max, write.request_id);
    }
  }
  return lost;
}

}  // namespace

TEST_CASE(
    "with `process` a power cut takes the last moments of the log, says so, and can be mended") {
  if (powercut::skipped()) {
    return;
  }
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  PoweredFleet powered(harness::Durability::process);
  harness::Fleet& fleet = powered.fleet();
  e2e::Storm storm(fleet, seed, 8);
  const auto long_enough = Clock::now() + 2 * lost_max;
  while (Clock::now() < long_enough) {
    REQUIRE(storm.wait_for_more(100));
  }
  const auto writes = storm.finish();
  const auto end = e2e::end_of(fleet, "EVENTS");
  const auto cut = Clock::now();
  MESSAGE("seed ", seed, ": ", powered.cut(powercut::Struck::broker, false, seed));

  const std::size_t lost = check_lost_writes(e2e::read_event_log(fleet), writes, cut);
  const bool backwards = e2e::end_of(fleet, "EVENTS") < end;
  MESSAGE("EVENTS ended at ", end, ", now at ", e2e::end_of(fleet, "EVENTS"), "; ", lost, " of ",
          writes.size(), " writes lost");
  CHECK((lost == 0 || backwards));
  // Which reason is given depends on what else is lost: the queue's end and its consumer may be.
  harness::HttpAnswer readiness;
  const auto says = [&](const char* words) {
    return readiness.body.find(words) != std::string::npos;
  };
  const bool told = harness::eventually(
      [&] {
        readiness = fleet.client().get("/readyz");
        const bool names_it = says("the log went backwards") || says("numbers of the queue are") ||
                              says("the consumer of COMMANDS cannot be asked");
        return says("\"durability\":\"process\"") &&
               (readiness.status == 503 ? names_it : !backwards);
      },
      std::chrono::seconds(30));
  CHECK_MESSAGE(told, readiness.body);
  MESSAGE("the API says ", readiness.body);
  if (backwards) {
    const auto listed = fleet.vsimctl({"lost"});
    CHECK_MESSAGE(e2e::holds(listed, " events of the read models are not in EVENTS"), listed.text);
  }

  // The queue and the read models are made anew, and the programs with them.
  powered.kill_programs();
  REQUIRE(fleet.nats_cli_as("admin", {"stream", "rm", "COMMANDS", "-f"}).ending.clean());
  REQUIRE(fleet.vsimctl({"migrate"}).ending.clean());
  const auto rebuilt = fleet.vsimctl({"rebuild", "--yes"});
  REQUIRE_MESSAGE(rebuilt.ending.clean(), rebuilt.text);
  powered.start_programs();
  fleet.wait_until_ready(std::chrono::seconds(60));
  auto client = fleet.client();
  CHECK(harness::create_server(client, {.profile = "instant"})["status"].text() == "RUNNING");
  const auto verified = fleet.vsimctl({"verify"});
  CHECK_MESSAGE(verified.ending.clean(), verified.text);
}
