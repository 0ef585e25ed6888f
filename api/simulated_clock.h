#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "domain/clock.h"
#include "eventstore/broker.h"
#include "eventstore/event_store.h"

namespace vsim::api {

/// Simulated time, for the live figures of servers and the end of bills: the log's last clock
/// event and the machine's clock since. The event is read when the broker tells of a new one, which
/// is a moment late, and a few times a second anyway. Any thread.
class SimulatedClock {
 public:
  /// Both outlive the clock.
  SimulatedClock(eventstore::EventStore& events, eventstore::Broker& broker);
  SimulatedClock(const SimulatedClock&) = delete;
  SimulatedClock& operator=(const SimulatedClock&) = delete;

  /// Never falls. Before the first clock event, when there can be no server either: wall time.
  Instant now();

  /// Reads the last clock event now. Where the broker cannot be asked, all stays as it was.
  void refresh();

  bool started() const;

 private:
  void keep_fresh(const std::stop_token& stop);
  Version version() const;

  eventstore::EventStore& events_;
  std::unique_ptr<eventstore::Subscription> changes_;
  mutable std::mutex mutex_;
  std::optional<SimClock> clock_;
  Instant latest_{};
  std::jthread refresher_;
};

}  // namespace vsim::api
