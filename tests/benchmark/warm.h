#pragma once

// `ops/bench warm`: how fast servers of a warm pool of 1,000 are had and given back.

#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"

namespace vsim::bench {

/// Fills the pool first, which takes up to minutes. The addresses must be there.
void measure_warm(const Options& options, Report& report);

}  // namespace vsim::bench
