#pragma once

// Deliveries that stay in hand because the system, not the command, keeps them from an outcome.
// The broker hears that they are worked on, so they are not delivered again and no delivery is
// counted against them. D48

#include <chrono>
#include <set>
#include <string_view>
#include <vector>

#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

/// Used by the command worker's thread only.
class HeldCommands {
 public:
  explicit HeldCommands(telemetry::Metrics& metrics);

  /// Keeps a delivery in hand; it is due again after 10 s. The reason is logged once a command; an
  /// empty one never.
  void hold(eventstore::Delivery delivery, std::string_view reason);

  /// The deliveries that are due for another look. They are held no more.
  std::vector<eventstore::Delivery> take_due();

  /// All of them. They are held no more, and their reasons are logged again if they come back.
  std::vector<eventstore::Delivery> take_all();

  /// Shows how many are held.
  void show() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Held {
    eventstore::Delivery delivery;
    SteadyTime until;
  };

  std::vector<Held> held_;
  std::set<eventstore::Sequence> logged_;  // whose reason is in the log
  telemetry::Gauge count_;
};

}  // namespace vsim::workers
