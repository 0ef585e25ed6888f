#pragma once

// Servers that were terminated because they had been stopped for longer than their idle timeout.

#include "domain/server.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

/// Whether the event is such a termination.
bool is_reaped(const Event& event);

/// The count of such terminations; on the page from the first call on.
telemetry::Counter reaped_in(telemetry::Metrics& metrics, const Region& region);

/// Thread-safe.
class ReapedServers {
 public:
  /// `metrics` outlives it.
  explicit ReapedServers(telemetry::Metrics& metrics) : metrics_(&metrics) {}

  /// A log line and a count for an event that this process has brought into the log, if it is one
  /// of those.
  void record(const Event& event) const;

 private:
  telemetry::Metrics* metrics_;
};

}  // namespace vsim::workers
