#pragma once

// What only the broker's monitor tells, over HTTP: how it syncs, and how much it may store.

#include <cstdint>
#include <optional>
#include <string>

namespace vsim::telemetry {

struct BrokerMonitor {
  std::string sync_interval;          // of its streams to disk: "always", or such as "120s"
  std::uint64_t store_bytes_max = 0;  // of the whole server; 0: not told
};

/// Asks the monitor at `url`, such as http://127.0.0.1:8222. Nothing when it gives no such answer.
/// Blocks 2 s at most.
std::optional<BrokerMonitor> ask_broker_monitor(const std::string& url);

}  // namespace vsim::telemetry
