#pragma once

// One run: a workload and a seed, from an empty broker to the examination at rest.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/message.h"
#include "tests/simulation/workload.h"

namespace vsim::simulation {

/// A prefix of the plan: for shrinking.
struct Limits {
  std::size_t commands = std::numeric_limits<std::size_t>::max();
  std::size_t faults = std::numeric_limits<std::size_t>::max();
  std::uint64_t lucks = std::numeric_limits<std::uint64_t>::max();  // faults of single calls
};

struct RunResult {
  std::optional<std::string> failure;
  std::uint64_t history = 0;  // a hash of every step
  std::uint64_t steps = 0;
  std::vector<eventstore::Message> log;  // EVENTS
  std::size_t commands = 0;              // of the plan, as limited
  std::size_t faults = 0;
  std::uint64_t lucks = 0;
  double seconds = 0;  // of simulated time
  std::vector<std::string> last_steps;
};

RunResult run_seed(const Workload& workload, std::uint64_t seed, const Limits& limits,
                   bool print_steps);

}  // namespace vsim::simulation
