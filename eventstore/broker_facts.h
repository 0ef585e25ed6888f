#pragma once

// The state of the broker's streams, its consumers and the account's storage. Each question is
// one request; it blocks as long as the connection's time-out.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/broker.h"

namespace vsim::eventstore {

struct StreamFacts {
  std::string created;  // as the broker writes it: another stream of that name has another time
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  Sequence first_sequence = 0;
  Sequence last_sequence = 0;  // 0: nothing was ever stored
  std::uint64_t replicas = 1;
  Timestamp answered_at{};  // the broker's time of this answer
  /// Of the oldest and the newest message stored, by the broker's clock alone; 0 where none is.
  std::chrono::nanoseconds oldest_age{0};
  std::chrono::nanoseconds newest_age{0};
};
Result<StreamFacts> stream_facts(const Broker& broker, std::string_view stream);

struct ConsumerFacts {
  Sequence delivered = 0;           // the highest place in the stream that it has handed out
  std::uint64_t pulls_waiting = 0;  // of workers that would take a message now
  std::uint64_t in_hand = 0;        // delivered and not acked
  std::uint64_t redelivered = 0;    // of those, delivered more than once
  bool paused = false;              // it delivers nothing until it is resumed or its time is over
  std::string paused_until;         // RFC 3339; empty when it is not paused
  std::chrono::nanoseconds ack_wait{0};  // what is not acked for so long is delivered again
};
Result<ConsumerFacts> consumer_facts(const Broker& broker, std::string_view stream,
                                     std::string_view consumer);

/// The account's file storage, over all its streams.
struct StorageFacts {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> bytes_max;  // none: only the server's own limit holds
};
Result<StorageFacts> storage_facts(const Broker& broker);

}  // namespace vsim::eventstore
