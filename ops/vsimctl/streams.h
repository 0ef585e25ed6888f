#pragma once

// Every message of a stream; deleting one.

#include <functional>
#include <string>

#include "eventstore/broker.h"

namespace vsim::vsimctl {

/// Every message that the stream holds now, in order. For streams that lose messages only at their
/// beginning (EVENTS, JOURNAL); headers are as stored, those of republishing included.
eventstore::Result<void> read_through(eventstore::Broker& broker, const std::string& stream,
                                      const std::function<void(const eventstore::Message&)>& take);

/// Deletes one message.
eventstore::Result<void> delete_message(const eventstore::Broker& broker, const std::string& stream,
                                        eventstore::Sequence sequence);

}  // namespace vsim::vsimctl
