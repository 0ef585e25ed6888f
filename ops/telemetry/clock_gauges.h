#pragma once

// How well a process knows the broker's time: as metrics, the same for every process, and as log
// lines when that changes. D38

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ops/telemetry/metrics.h"

namespace vsim::telemetry {

struct ClockReading {
  std::optional<std::chrono::nanoseconds> offset;  // of the machine's clock; none: never measured
  std::chrono::nanoseconds uncertainty{0};
  std::chrono::nanoseconds age{0};  // of the last measurement
  std::uint64_t jumps = 0;          // of the broker's clock, so far
  std::chrono::nanoseconds last_jump{0};
  std::string trouble;  // why it must not be used for decisions; empty when it may
};

class ClockGauges {
 public:
  /// `metrics` outlives it.
  explicit ClockGauges(Metrics& metrics);

  /// Sets the metrics. Any thread.
  void show(const ClockReading& reading) const;

  /// Logs what has changed since the last call. One thread.
  void log_changes(const ClockReading& reading);

 private:
  Gauge offset_;
  Gauge uncertainty_;
  Gauge age_;
  Counter jumps_;
  std::uint64_t jumps_seen_ = 0;
  bool in_trouble_ = false;
};

}  // namespace vsim::telemetry
