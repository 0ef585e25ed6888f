#pragma once

// `ops/bench door`: what callers notice of 1,000 idle and 100 slow clients beside them, and what
// those cost the API.

#include <string>
#include <vector>

#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"

namespace vsim::bench {

/// Blocks for less than a minute. `server_ids` are read.
void measure_door(const Options& options, const std::vector<std::string>& server_ids,
                  Report& report);

}  // namespace vsim::bench
