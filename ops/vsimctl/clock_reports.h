#pragma once

// What the running processes tell of their machines' clocks.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/broker.h"
#include "schema/messages/clock_report.h"

namespace vsim::vsimctl {

/// Listens from its making on, so that the caller can do other things meanwhile. One thread.
class ClockReports {
 public:
  /// `broker` outlives it.
  explicit ClockReports(const eventstore::Broker& broker);

  /// The newest report of each process, in the order of their names, once all that run have had the
  /// time to tell: 1.5 s from the making.
  std::vector<messages::ClockReport> collect();

  /// Whether the broker has forbidden something to this connection since the making: with a
  /// configuration of before there were reports, to listen to them. Holds after collect().
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
