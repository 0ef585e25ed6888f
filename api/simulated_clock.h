#pragma once

// Simulated time as the API knows it. D8

#include <mutex>
#include <optional>

#include "api/subject_watch.h"
#include "domain/sim_clock.h"
#include "eventstore/broker.h"
#include "eventstore/broker_clock.h"
#include "eventstore/event_store.h"

namespace vsim::api {

/// Simulated time, for the live figures of servers and the end of bills: the log's last clock
/// event and the broker's time since. The event is read when the broker announces a new one, which
/// is a moment late, and a few times a second anyway. Any thread.
class SimulatedClock {
 public:
  /// All outlive the clock.
  SimulatedClock(eventstore::EventStore& events, eventstore::Broker& broker,
                 const eventstore::BrokerClock& wall);
  SimulatedClock(const SimulatedClock&) = delete;
  SimulatedClock& operator=(const SimulatedClock&) = delete;

  /// Whether the time is known; it stays known. Before that nothing that depends on it may be
  /// shown.
  bool known() const;

  /// It must be known. Never falls. Before the first clock event, when there can be no server
  /// either: wall time. Stands still when the broker has not been asked for long (D38).
  Instant now();

  /// Reads the last clock event now. Changes nothing where the broker does not answer. Blocks.
  void refresh();

  bool started() const;

  /// Simulated seconds in a second, as of the last clock event; 1 before the first.
  double scale() const;

 private:
  Version version() const;

  eventstore::EventStore& events_;
  const eventstore::BrokerClock& wall_;
  mutable std::mutex mutex_;
  bool looked_ = false;            // into the log, and got an answer
  std::optional<SimClock> clock_;  // none: the log has none
  Instant latest_{};
  SubjectWatch watch_;  // last: it reads the members above
};

}  // namespace vsim::api
