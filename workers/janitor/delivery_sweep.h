#pragma once

// Buries commands that the broker has stopped to deliver: each of their deliveries ended with a
// dead worker, and they stay in their slots. The broker publishes an advisory for each; then the
// command gets its outcome, becomes a dead letter, and its slot is freed.

#include <functional>
#include <memory>
#include <vector>

#include "eventstore/event_store.h"
#include "workers/burial.h"

namespace vsim::workers {

/// One thread.
class DeliverySweep {
 public:
  /// Takes the message at a place out of COMMANDS.
  using FreeSlot = std::function<eventstore::Result<void>(eventstore::Sequence)>;

  /// All outlive it. `queue` is COMMANDS.
  DeliverySweep(eventstore::EventStore& advisories, eventstore::EventStore& queue, Burial& burial,
                FreeSlot free_slot);

  /// Reads what advisories there are, from the oldest that is kept, and sweeps the commands that
  /// they name. What could not be done is tried again by the next call.
  eventstore::Result<void> sweep();

 private:
  struct Exhausted {
    eventstore::Sequence sequence = 0;  // in COMMANDS
    std::uint64_t deliveries = 0;
    eventstore::Timestamp stored_at{};  // of the advisory
  };
  eventstore::Result<void> read_advisories();
  eventstore::Result<void> sweep(const Exhausted& exhausted);

  eventstore::EventStore& advisories_;
  eventstore::EventStore& queue_;
  Burial& burial_;
  FreeSlot free_slot_;
  std::unique_ptr<eventstore::Follower> follower_;
  std::vector<Exhausted> open_;
};

}  // namespace vsim::workers
