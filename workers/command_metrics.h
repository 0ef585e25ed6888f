#pragma once

// The metrics of the role `commands`.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "domain/server.h"
#include "ops/telemetry/metrics.h"
#include "schema/messages/command_codec.h"

namespace vsim::workers {

/// Used by the command worker's thread only.
class CommandMetrics {
 public:
  /// Registers the metrics. Counts of commands that were carried out are shown from the start.
  /// `metrics` outlives it.
  explicit CommandMetrics(telemetry::Metrics& metrics);

  void count_redelivery() { redeliveries_.add(); }
  void count_outcome(const messages::DecodedCommand& command, const Verdict& verdict);
  /// Commands that are decided together.
  void observe_group_size(std::size_t commands) {
    group_size_.observe(static_cast<double>(commands));
  }
  /// From the first look at a group to its acks.
  void observe_group_time(std::chrono::duration<double> length) {
    group_seconds_.observe(length.count());
  }

 private:
  telemetry::Metrics& metrics_;
  telemetry::Histogram group_size_;
  telemetry::Histogram group_seconds_;
  telemetry::Counter redeliveries_;
  std::map<std::pair<std::string, std::string>, telemetry::Counter> outcomes_;  // by type, outcome
};

/// "stop", "extend_pool", "advance"
std::string_view type_of(const messages::DecodedCommand& command);

}  // namespace vsim::workers
