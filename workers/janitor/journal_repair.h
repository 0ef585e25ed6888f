#pragma once

// JOURNAL keeps commands beyond a purge, but the broker republishes into it after it has
// acknowledged a command: a broker that dies in between leaves a command without a record. After
// every connect, and when JOURNAL was made anew, what COMMANDS holds and JOURNAL does not is
// copied, as republishing would have done it. D14

#include <cstdint>
#include <functional>
#include <optional>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

/// One thread.
class JournalRepair {
 public:
  /// Grows with each reconnect to the broker.
  using CountReconnects = std::function<std::uint64_t()>;
  /// When JOURNAL was made, as the broker writes it; empty: it cannot be read now.
  using JournalMade = std::function<std::string()>;

  /// All outlive it. `queue` is COMMANDS.
  JournalRepair(eventstore::EventStore& queue, eventstore::EventStore& journal,
                CountReconnects reconnects, JournalMade journal_made, telemetry::Metrics& metrics);

  /// Repairs once after the start, after each reconnect, and when JOURNAL was made anew; when what
  /// was accepted before has had the time to be republished. Else does nothing. Safe to be done by
  /// many: a copy has a message id of its own.
  eventstore::Result<void> run_if_due(std::chrono::steady_clock::time_point now);

  /// Copies what JOURNAL lacks; gives how many those were.
  eventstore::Result<std::size_t> repair();

 private:
  eventstore::Result<std::size_t> repair_some(std::span<const eventstore::Message> queued);

  eventstore::EventStore& queue_;
  eventstore::EventStore& journal_;
  CountReconnects reconnects_;
  JournalMade journal_made_;
  telemetry::Counter repaired_;
  std::optional<std::uint64_t> reconnects_seen_;
  std::string journal_seen_;  // when it was made
  std::optional<std::chrono::steady_clock::time_point> due_;
};

}  // namespace vsim::workers
