#pragma once

// The yardstick: what the broker alone lets through when it does for each command what vsim does.
// A client publishes a command and waits; a worker takes what is there, appends two messages a
// command as one atomic batch with their expectations, acks and answers the clients. No decision,
// no JSON, no Postgres. Its streams are its own, set up like COMMANDS and EVENTS, and are removed.

#include <chrono>
#include <cstddef>
#include <string>

#include "tests/benchmark/load.h"

namespace vsim::bench {

/// Throws std::runtime_error when the broker cannot be used at all. Samples stand under "loop".
LoadResult run_broker_loop(const std::string& nats_url, std::size_t clients,
                           std::chrono::milliseconds duration);

}  // namespace vsim::bench
