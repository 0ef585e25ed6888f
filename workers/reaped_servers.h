#pragma once

// Servers that were terminated because they had been stopped for longer than their idle timeout, or
// because their lease had ended.

#include "domain/server.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

/// Whether the event is such a termination.
bool is_reaped(const Event& event);

/// Puts the counts of such terminations in the region on the page.
void count_reaped_in(telemetry::Metrics& metrics, const Region& region);

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
