#pragma once

// The floor of a write on this machine: the hops and synced appends that vsim's design cannot do
// without, done by bare clients. No HTTP, no JSON, no decision, no worker between. D67

#include <chrono>
#include <cstddef>
#include <string>

#include "tests/benchmark/load.h"

namespace vsim::bench {

enum class FloorOf { create, action };

/// As many writers as there are clients of vsim, each in a closed loop. Samples stand under
/// "floor". Throws std::runtime_error when a server cannot be used at all. nats.c must be open.
LoadResult run_floor(FloorOf what, const std::string& nats_url, const std::string& database_url,
                     std::size_t writers, std::chrono::milliseconds duration);

}  // namespace vsim::bench
