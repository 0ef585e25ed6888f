// Goal: with --durability power, what was acknowledged before a power cut is there after it, with
// one outcome, and vsim recovers without a hand.
// Method: a storm of writes; the power of the broker, of Postgres, or of both is cut at any moment,
// and each starts again on what its disk has left. Then the log is compared with every answer.
// VSIM_SEED repeats a run, as far as threads allow; VSIM_CUTS says how many cuts.

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/e2e/storm.h"
#include "tests/harness/eventually.h"
#include "tests/harness/seed.h"
#include "tests/powercut/powered_fleet.h"
#include "tests/powercut/skip.h"

using powercut::PoweredFleet;
using powercut::Struck;
using Clock = std::chrono::steady_clock;

namespace {

/// The requests whose commands JOURNAL holds.
std::set<std::string> journaled_requests(harness::Fleet& fleet) {
  const harness::Output output = fleet.nats_cli(
      {"sub", "--stream", "JOURNAL", "--all", "--terminate-at-end", "vsim.journal.>"});
  CHECK_MESSAGE(output.ending.clean(), output.text);
  static const std::string header = "Vsim-Correlation-Id: ";
  std::set<std::string> requests;
  std::istringstream lines(output.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(header, 0) == 0) {
      requests.insert(line.substr(header.size()));
    }
  }
  return requests;
}

/// The broker syncs JOURNAL every two minutes, also where it syncs all else before it answers.
constexpr std::chrono::seconds journal_sync_interval{125};

/// JOURNAL may lack what was accepted so long before a cut, or was under way at one.
void check_journal(harness::Fleet& fleet, const std::vector<e2e::Write>& writes,
                   const std::vector<Clock::time_point>& cuts) {
  const auto journaled = journaled_requests(fleet);
  std::size_t missing = 0;
  std::string unexplained;
  for (const e2e::Write& write : writes) {
    const bool accepted = write.status >= 200 && write.status < 300;
    if (!accepted || journaled.count(write.request_id) > 0) {
      continue;
    }
    ++missing;
    if (std::none_of(cuts.begin(), cuts.end(), [&](Clock::time_point cut) {
          return write.begun < cut && write.ended > cut - journal_sync_interval;
        })) {
      unexplained += " " + write.request_id;
    }
  }
  MESSAGE("JOURNAL lacks ", missing, " of ", writes.size(), " writes");
  CHECK_MESSAGE(unexplained.empty(), "JOURNAL lacks without a cut:", unexplained);
}

}  // namespace

TEST_CASE("a power cut takes nothing that was acknowledged, and nothing happens twice") {
  if (powercut::skipped()) {
    return;
  }
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 dice(seed);
  PoweredFleet powered(harness::Durability::power);
  harness::Fleet& fleet = powered.fleet();
  std::vector<Clock::time_point> cuts;
  e2e::Storm storm(fleet, seed, 8);
  const std::size_t wanted = powercut::cuts_wanted(6);
  for (std::size_t round = 0; round < wanted; ++round) {
    CAPTURE(round);
    REQUIRE(storm.wait_for_more(30 + dice() % 120));
    const auto struck = static_cast<Struck>((seed + round) % 3);
    const bool all = struck == Struck::both && dice() % 2 == 0;
    const std::string left = powered.cut(struck, all, seed * 1000 + round);
    cuts.push_back(Clock::now());
    MESSAGE("seed ", seed, ", cut ", round, ": ", left);
    fleet.wait_until_ready(std::chrono::seconds(60));
  }
  REQUIRE(storm.wait_for_more(100));  // and it recovers
  const auto writes = storm.finish();
  e2e::check_truth(fleet, writes);
  const harness::Output verified = fleet.vsimctl({"verify"});
  CHECK_MESSAGE(verified.ending.clean(), verified.text);
  check_journal(fleet, writes, cuts);
}
