#pragma once

// How fast `vsimctl rebuild` makes the read models again, beside the yardstick: a raw COPY of the
// same rows into tables without indexes.

#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"

namespace vsim::bench {

/// Rebuilds the read models of the running system, twice, and prints a row for each and one for the
/// COPY. What could not be measured is noted as an error.
void measure_rebuild(const Options& options, Report& report);

}  // namespace vsim::bench
