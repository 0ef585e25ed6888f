#pragma once

// Which requests the door's faults strike. D93

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/simulated_clock.h"
#include "api/subject_watch.h"
#include "domain/door_faults.h"
#include "eventstore/broker.h"
#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/problem.h"

namespace vsim::api {

/// What a fault does to one request.
struct Injection {
  std::string label;  // of its rule: the header Vsim-Injected
  FaultEffect effect;
  FaultMoment moment = FaultMoment::before;
  Version rules = 0;  // that it follows from: the event which set them
};

/// What a fault answers with. The code is the one that real answers of the status have.
http::Problem problem_of(const Injection& injection, int status);

/// Knows the rules from the log, so it goes on without Postgres, and with the rules last read
/// without the broker. Requests are counted here alone: each API process plays the same row. Any
/// thread.
class FaultInjector {
 public:
  /// All outlive it. `stopping` ends delays; `delays_max` requests are delayed at once, since each
  /// holds a connection, and the faults must still be lifted over one.
  FaultInjector(eventstore::EventStore& events, eventstore::Broker& broker, SimulatedClock& time,
                telemetry::Metrics& metrics, std::function<bool()> stopping,
                std::size_t delays_max);

  /// Whether there are rules at all: one look, for each request.
  bool any() const { return any_.load(std::memory_order_relaxed); }

  /// Counts the request with each rule that it matches and gives what the first does that strikes
  /// it. `route` as the route table names it; `key` is empty without a key.
  std::optional<Injection> draw(std::string_view route, std::string_view key);

  /// Waits as long as the delay takes, on the wall; no longer than the rules hold, or the API runs.
  /// Not at all while `delays_max` others wait.
  void pause(const Injection& injection, Duration delay);

  /// Reads the last event now. Changes nothing where the broker does not answer. Blocks.
  void refresh();

  /// The faults as they are known; nothing before the log could be looked into.
  std::optional<DoorFaults> known() const;

 private:
  struct Counted;
  std::shared_ptr<Counted> counted() const;
  Version version() const;
  void take(DoorFaults faults);
  double in_force() const;

  eventstore::EventStore& events_;
  SimulatedClock& time_;
  const std::function<bool()> stopping_;
  const std::size_t delays_max_;
  std::atomic<std::size_t> delays_{0};
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  bool looked_ = false;  // into the log, and got an answer
  DoorFaults faults_;
  std::shared_ptr<Counted> counted_;  // null: no rules
  SubjectWatch watch_;                // last: it reads the members above
};

}  // namespace vsim::api
