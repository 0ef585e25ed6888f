// Goal: what /readyz and vsimctl say of durability is what broker and Postgres do, and what was
// chosen counts only where they cannot be asked. Method: a table of what is seen.

#include "ops/telemetry/durability.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using namespace vsim::telemetry;

TEST_CASE("the part that syncs less decides, whatever was chosen") {
  struct Row {
    std::optional<LogSync> log;
    std::optional<bool> read_models;
    std::optional<Durability> is_on;
  };
  const Row rows[] = {
      {LogSync{}, true, Durability::power},
      {LogSync{}, false, Durability::process},
      {LogSync{1s}, true, Durability::process},
      {LogSync{1s}, false, Durability::process},
      {LogSync{1s}, {}, Durability::process},
      {{}, false, Durability::process},
      {LogSync{}, {}, {}},
      {{}, true, {}},
      {{}, {}, {}},
  };
  for (const auto& [log, read_models, is_on] : rows) {
    const SyncFacts seen{.log = log, .read_models = read_models};
    CHECK(durability_of(seen) == is_on);
    for (const auto chosen : {Durability::power, Durability::process}) {
      const std::string told = std::string(to_string(chosen)) + " (as told)";
      CHECK(durability_fact(chosen, seen) == (is_on ? to_string(*is_on) : told));
    }
    CHECK(durability_fact({}, seen) == (is_on ? to_string(*is_on) : "unknown"));
  }
}

TEST_CASE("the interval is shown in the unit that loses nothing") {
  CHECK(to_string(LogSync{}) == "always");
  CHECK(to_string(LogSync{1s}) == "1s");
  CHECK(to_string(LogSync{2min}) == "120s");
  CHECK(to_string(LogSync{1500ms}) == "1500ms");
  CHECK(to_string(LogSync{1ns}) == "1ms");
}
