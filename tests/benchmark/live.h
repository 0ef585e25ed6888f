#pragma once

// `ops/bench live`: how long after its answer a write is told to 1,000 clients of GET /events, and
// what they cost.

#include <string>
#include <vector>

#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"

namespace vsim::bench {

/// Blocks for less than a minute. The servers are stopped and started; they must be RUNNING and of
/// a profile without delays.
void measure_live(const Options& options, const std::vector<std::string>& server_ids,
                  Report& report);

}  // namespace vsim::bench
