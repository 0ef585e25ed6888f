#pragma once

#include <mutex>
#include <optional>
#include <thread>

#include "domain/sim_clock.h"
#include "eventstore/event_store.h"

namespace vsim::api {

/// Simulated time, for the live figures of servers: the log's last clock event, read again a few
/// times a second, and the machine's clock since. Any thread.
class SimulatedClock {
 public:
  /// The store outlives the clock.
  explicit SimulatedClock(eventstore::EventStore& events);
  SimulatedClock(const SimulatedClock&) = delete;
  SimulatedClock& operator=(const SimulatedClock&) = delete;

  /// Never falls. Before the first clock event, when there can be no server either: wall time.
  Instant now();

  bool started() const;

 private:
  void refresh();

  eventstore::EventStore& events_;
  mutable std::mutex mutex_;
  std::optional<ClockState> clock_;
  Instant latest_{};
  std::jthread refresher_;
};

}  // namespace vsim::api
