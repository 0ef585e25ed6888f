// Goal: the log is kept for ever, so what a build once wrote is read by every later one, and no
// format changes without somebody seeing it. Method: the bytes of every event, command and state
// stand in files beside this one; today's writer gives those of the newest file of each type, and
// each message of each file is read as a value that the test writes out. README.md says what to do
// where a format changes.

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string_view>
#include <variant>

#include <doctest/doctest.h>

#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"
#include "tests/golden/golden_file.h"

using namespace vsim;
using namespace vsim::golden;

namespace {

using CasesByType = std::map<std::string, std::vector<Case>>;

CasesByType all_cases() {
  CasesByType by_type;
  for (const auto& cases :
       {server_cases(), pool_cases(), region_cases(), clock_cases(), faults_cases(),
        warm_pool_cases(), address_and_billing_cases(), command_cases()}) {
    for (const auto& one : cases) {
      by_type[one.type].push_back(one);
    }
  }
  return by_type;
}

// Those that today's writer makes.
std::vector<Case> written(const std::vector<Case>& cases) {
  std::vector<Case> made;
  std::copy_if(cases.begin(), cases.end(), std::back_inserter(made),
               [](const Case& one) { return !one.message.payload.empty(); });
  return made;
}

bool may_write() { return std::getenv("VSIM_WRITE_GOLDEN") != nullptr; }

// Whether the file holds what today's writer makes of the cases, and nothing else.
bool is_todays(const std::string& path, const std::vector<Case>& cases) {
  const auto entries = read_file(path);
  if (entries.size() != cases.size()) {
    return false;
  }
  return std::equal(cases.begin(), cases.end(), entries.begin(),
                    [](const Case& one, const Entry& entry) {
                      return one.name == entry.name && one.message.payload == entry.message.payload;
                    });
}

void check_bytes(const std::string& path, const std::vector<Case>& cases) {
  const auto entries = read_file(path);
  for (const auto& one : cases) {
    CAPTURE(one.name);
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.name == one.name; });
    REQUIRE_MESSAGE(found != entries.end(), path, " lacks the case; see tests/golden/README.md");
    CHECK_MESSAGE(found->message.payload == one.message.payload,
                  "today's writer gives other bytes; see tests/golden/README.md");
  }
  CHECK_MESSAGE(entries.size() == cases.size(), path, " holds a case that is not written");
}

void check_all_are_read(const std::string& path, const std::vector<Case>& cases) {
  for (const auto& entry : read_file(path)) {
    CAPTURE(path);
    CAPTURE(entry.name);
    const auto known = std::find_if(cases.begin(), cases.end(),
                                    [&](const Case& one) { return one.name == entry.name; });
    REQUIRE_MESSAGE(known != cases.end(), "the test does not say what this is read as");
    known->check_read(entry.message);
  }
}

std::size_t types_with(std::string_view prefix) {
  const auto types = types_on_disk();
  return static_cast<std::size_t>(
      std::count_if(types.begin(), types.end(),
                    [&](const std::string& type) { return type.starts_with(prefix); }));
}

}  // namespace

TEST_CASE("today's writer gives the golden bytes of every type") {
  for (const auto& [type, cases] : all_cases()) {
    CAPTURE(type);
    const auto made = written(cases);
    auto files = files_of(type);
    if (may_write() && (files.empty() || !is_todays(files.back(), made))) {
      write_file(next_file(type), made);
      files = files_of(type);
    }
    REQUIRE_MESSAGE(!files.empty(), "there is no golden file; see tests/golden/README.md");
    check_bytes(files.back(), made);
  }
}

TEST_CASE("each golden file is read as the values that were written, also an older one") {
  const auto all = all_cases();
  for (const auto& type : types_on_disk()) {
    CAPTURE(type);
    REQUIRE_MESSAGE(all.contains(type), "the test knows no such type");
    for (const auto& path : files_of(type)) {
      check_all_are_read(path, all.at(type));
    }
  }
}

TEST_CASE("every event and every action has a golden file") {
  CHECK(types_with("server.") == std::variant_size_v<EventData>);
  CHECK(types_with("pool.") == std::variant_size_v<PoolEventData>);
  CHECK(types_with("region.") == std::variant_size_v<RegionEventData>);
  CHECK(types_with("clock.") == std::variant_size_v<ClockEventData>);
  CHECK(types_with("faults.") == std::variant_size_v<FaultsEventData>);
  CHECK(types_with("warm_pool.") == std::variant_size_v<WarmPoolEventData>);
  // Those of servers, of regions, of the clock, of faults and of warm pools, and extend_pool.
  CHECK(types_with("command.") == std::variant_size_v<Action> + std::variant_size_v<RegionAction> +
                                      std::variant_size_v<ClockAction> +
                                      std::variant_size_v<FaultsAction> +
                                      std::variant_size_v<WarmPoolAction> + 1);
}
