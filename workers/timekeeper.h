#pragma once

// Role `timekeeper`: nudges servers whose deadline has come. No part of correctness: a decision
// applies what was due first, so a late timekeeper changes when an event is written, never what it
// says. One is active where Postgres can tell; the others stand by, and act when deadlines stay
// overdue (the active one may be paused, and keeps its lock then). Two at once only cost conflicts.

#include <chrono>
#include <functional>
#include <stop_token>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "workers/fleet_view.h"

namespace vsim::workers {

class Timekeeper {
 public:
  /// Whether this one shall act now; asked before each round, cheap.
  using IsActive = std::function<bool()>;

  /// All outlive the timekeeper.
  Timekeeper(eventstore::EventStore& store, FleetView& view, IsActive is_active,
             telemetry::Metrics& metrics);

  void run(std::stop_token stop);

 private:
  bool must_act();

  eventstore::EventStore& store_;
  FleetView& view_;
  IsActive is_active_;
  telemetry::Counter fired_;
  telemetry::Histogram lateness_;
  telemetry::Gauge pending_;
  std::chrono::steady_clock::time_point nothing_due_at_{};  // when that was seen last, standing by
};

}  // namespace vsim::workers
