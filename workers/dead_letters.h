#pragma once

// Where commands go that cannot be handled: stream DEAD_LETTERS, with the reason.

#include <string>

#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"

namespace vsim::workers {

enum class DeadLetterReason {
  unreadable,  // no command at all, or mistyped by hand: as it is it will never be one
  exhausted    // delivered too often without an outcome
};

/// The outcome of a command that was exhausted.
inline constexpr auto exhausted_detail = "delivered too often without an outcome";

/// Thread-safe.
class DeadLetters {
 public:
  /// Both outlive it.
  DeadLetters(eventstore::Broker& broker, telemetry::Metrics& metrics);

  /// Keeps a copy of the delivery: its payload as it is, and headers that say what happened. False
  /// when it could not be stored; then it must stay in the queue.
  bool keep(const eventstore::Delivery& delivery, DeadLetterReason reason,
            const std::string& error);

 private:
  eventstore::CommandPublisher publisher_;
  telemetry::Counter unreadable_;
  telemetry::Counter exhausted_;
};

}  // namespace vsim::workers
