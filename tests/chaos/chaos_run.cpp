#include "tests/chaos/chaos_run.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/chaos/battered_fleet.h"
#include "tests/harness/failure_note.h"
#include "tests/harness/number_setting.h"
#include "tests/harness/programs.h"
#include "tests/harness/seed.h"

namespace chaos {
namespace {

using Clock = std::chrono::steady_clock;

/// A fault begins or ends.
struct Turn {
  Milliseconds at;
  bool begins;
  const Fault* fault;
};

std::vector<Turn> turns_of(const std::vector<Fault>& faults) {
  std::vector<Turn> turns;
  for (const Fault& fault : faults) {
    turns.push_back({fault.begins, true, &fault});
    turns.push_back({fault.begins + fault.lasts, false, &fault});
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const Turn& one, const Turn& other) { return one.at < other.at; });
  return turns;
}

void befall(BatteredFleet& fleet, const std::vector<Fault>& faults, Record& record) {
  const auto begun = Clock::now();
  for (const Turn& turn : turns_of(faults)) {
    std::this_thread::sleep_until(begun + turn.at);  // as the seed says, not until something is so
    if (turn.begins) {
      record.note(describe(*turn.fault));
      record.count(*turn.fault);
      fleet.begin(*turn.fault);
    } else {
      fleet.end(*turn.fault);
      record.note(fmt::format("over: {} {}", turn.fault->kind, turn.fault->whom));
    }
  }
}

}  // namespace

Record::Record(std::string theme, std::uint64_t seed) : theme_(std::move(theme)), seed_(seed) {}

Record::~Record() {
  if (harness::test_is_failing()) {
    std::cerr << "--- what was done, in seconds since the beginning\n";
    for (const std::string& line : history_) {
      std::cerr << line << "\n";
    }
    std::cerr << "--- again: ops/chaos --seed " << seed_ << " --runs 1 " << theme_ << "\n";
  }
  std::cout << "totals of " << theme_ << ", seed " << seed_ << ":";
  for (const auto& [what, number] : totals_) {
    std::cout << " " << what << "=" << number;
  }
  std::cout << std::endl;
}

void Record::note(const std::string& what) {
  const std::chrono::duration<double> since = Clock::now() - begun_;
  history_.push_back(fmt::format("{:8.3f}  {}", since.count(), what));
}

void Record::count(const Fault& fault) {
  if (fault.kind == "kill") {
    count("kills");
    count("kills_of_" + fault.whom.substr(0, fault.whom.find('-')));
  } else if (fault.kind == "clock") {
    count("kills", 2);  // for the wrong clock, and for the right one
    count("wrong_clocks");
  } else if (fault.kind == "stop") {
    count("stalls");
    count("stops");
  } else if (fault.kind == "link") {
    count("links");
    count("stalls", fault.how == "stall" || fault.how == "swallow" ? 1 : 0);
  } else {
    count("certificates");
  }
}

std::chrono::seconds length_wanted(std::chrono::seconds usual) {
  const auto given = harness::number_setting("VSIM_CHAOS_SECONDS");
  return given ? std::chrono::seconds(*given) : usual;
}

std::string theme_file(const std::string& name) {
  return harness::source_dir() + "/tests/chaos/" + name + ".json";
}

void run_theme(const std::string& name, std::chrono::seconds usual_length) {
  const char* chosen = std::getenv("VSIM_CHAOS_THEME");
  const Theme theme = read_theme(theme_file(chosen != nullptr ? chosen : name));
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 dice(seed);
  Record record(theme.name, seed);
  BatteredFleet fleet(theme);
  e2e::Storm storm(fleet.target(), seed, theme.clients);
  const auto until = Clock::now() + length_wanted(usual_length);
  while (Clock::now() < until) {
    REQUIRE(storm.wait_for_more(20 + dice() % 60, recovery_max));
    record.note("an episode begins");
    record.count("episodes");
    befall(fleet, draw_episode(theme, dice), record);
    fleet.wait_until_recovered();
    record.note("recovered");
  }
  REQUIRE(storm.wait_for_more(100, recovery_max));  // and it recovers without a hand
  const auto writes = storm.finish();
  record.count("writes", writes.size());
  record.note("the log is compared with the answers");
  e2e::check_truth(fleet.target(), writes);
  const harness::Output verified = fleet.fleet().vsimctl({"verify"});
  CHECK_MESSAGE(verified.ending.clean(), verified.text);
}

}  // namespace chaos
