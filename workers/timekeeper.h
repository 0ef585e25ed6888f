#pragma once

// Role `timekeeper`: brings deadlines that have passed into the log, in the order of their times,
// and records in the log up to when all are there. Decisions do not depend on it: each applies what
// was due first, so a late timekeeper changes when an event is written, never what it says. But
// billing, and whoever advances the clock, wait for its record. One is active, by a lock in
// Postgres; the others stand by. D19

#include <chrono>
#include <optional>
#include <stop_token>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "workers/due_deadlines.h"
#include "workers/fleet_view.h"
#include "workers/standby.h"

namespace vsim::workers {

class Timekeeper {
 public:
  /// All outlive the timekeeper. It records at each multiple of `billing_interval`, for billing.
  Timekeeper(eventstore::EventStore& store, FleetView& view, AppendCosts& costs,
             Standby::IsActive is_active, telemetry::Metrics& metrics,
             Duration billing_interval = std::chrono::minutes(1));

  /// Until stopped.
  void run(std::stop_token stop);

  /// Any thread: whether it was the active one when it last looked.
  bool active() const { return standby_.active(); }

 private:
  std::optional<Standby::Oldest> oldest_unfinished() const;
  /// The moment from which on `deadlines_applied` is owed: a change of the clock, a boundary of
  /// billing, or an outage, whose effects a bill waits for.
  std::optional<Instant> owed_since() const;
  bool owes_a_change() const;
  /// What simulated time is for all: this process may have run ahead, before it heard of a slower
  /// clock, and may not say of that stretch that nothing will be due in it any more.
  Instant reached(const SimClock& clock) const;
  void act(std::stop_token stop);
  void apply_some(std::stop_token stop);
  void apply_all(std::stop_token stop);
  /// Appends `deadlines_applied`, if the clock still runs by what the moment was read on; else it
  /// is said in a later round.
  eventstore::Result<void> record_applied(const DeadlinesApplied& applied,
                                          const SimulatedTime& read_on);
  void wait_after(const eventstore::Error& error, std::stop_token stop);

  eventstore::EventStore& store_;
  FleetView& view_;
  AppendCosts& costs_;
  Standby standby_;
  Duration billing_interval_;
  OnDue on_due_;
  std::chrono::steady_clock::time_point said_at_{};  // deadlines_applied
};

}  // namespace vsim::workers
