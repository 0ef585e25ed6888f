#pragma once

// The running processes' reports of their machines' clocks. D38

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/broker.h"
#include "schema/messages/clock_report.h"

namespace vsim::vsimctl {

/// Subscribes when it is made, so that the caller can do other things meanwhile. One thread.
class ClockReports {
 public:
  /// `broker` outlives it.
  explicit ClockReports(const eventstore::Broker& broker);

  /// The newest report of each process, in the order of their names. Blocks until 1.5 s after the
  /// constructor, in which each running process reports once.
  std::vector<messages::ClockReport> collect();

  /// Whether the broker has denied something to this connection since the constructor: an older
  /// configuration denies the subscription to reports. Valid after collect().
  bool forbidden() const { return broker_.permission_errors() != errors_before_; }

 private:
  const eventstore::Broker& broker_;
  std::uint64_t errors_before_;
  std::unique_ptr<eventstore::Subscription> subscription_;
  std::chrono::steady_clock::time_point until_;
};

/// "vsim-api 4242 on host-1".
std::string process_of(const messages::ClockReport& report);

/// "30.000 s ahead of the broker's".
std::string offset_of(const messages::ClockReport& report);

}  // namespace vsim::vsimctl
