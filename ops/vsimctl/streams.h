#pragma once

// Looks at whole streams: what they hold, and every message of one.

#include <cstdint>
#include <functional>
#include <string>

#include "eventstore/broker.h"

namespace vsim::vsimctl {

struct StreamState {
  std::uint64_t messages = 0;
  eventstore::Sequence first = 0;
  eventstore::Sequence last = 0;
  eventstore::Timestamp first_stored_at{};
};

eventstore::Result<StreamState> stream_state(const eventstore::Broker& broker,
                                             const std::string& stream);

/// Every message that the stream holds now, in order. For streams that lose messages only at their
/// beginning (EVENTS, JOURNAL); headers are as stored, those of republishing included.
eventstore::Result<void> read_through(eventstore::Broker& broker, const std::string& stream,
                                      const std::function<void(const eventstore::Message&)>& take);

/// Deletes one message.
eventstore::Result<void> delete_message(const eventstore::Broker& broker, const std::string& stream,
                                        eventstore::Sequence sequence);

}  // namespace vsim::vsimctl
