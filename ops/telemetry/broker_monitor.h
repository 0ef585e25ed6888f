#pragma once

// Facts that only the broker's HTTP monitor has: its sync interval, and how much it may store.

#include <cstdint>
#include <optional>
#include <string>

#include "ops/telemetry/durability.h"

namespace vsim::telemetry {

struct BrokerMonitor {
  std::optional<LogSync> sync;                   // none: it did not say
  std::optional<std::uint64_t> store_bytes_max;  // of the whole server; none: it did not say
  /// Its own report of its health; empty when all is well. A write that failed, as on a full disk,
  /// stays here until the broker is restarted: until then that stream accepts nothing more.
  std::string trouble;
};

/// Asks the monitor at `url`, such as http://127.0.0.1:8222. Nothing when it gives no such answer.
/// Blocks 4 s at most.
std::optional<BrokerMonitor> ask_broker_monitor(const std::string& url);

}  // namespace vsim::telemetry
