#pragma once

// Single messages by JetStream's direct get: the cheapest read there is, and no consumer is made.

#include <optional>
#include <string>

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::eventstore {

/// The last message under a filter; wildcards are fine.
Result<std::optional<Message>> get_last(const Broker& broker, const std::string& stream,
                                        const std::string& filter);

/// The first message under a filter at a position or after it; wildcards are fine.
Result<std::optional<Message>> get_next(const Broker& broker, const std::string& stream,
                                        const std::string& filter, Sequence from);

/// The message at a position.
Result<std::optional<Message>> get_at(const Broker& broker, const std::string& stream,
                                      Sequence sequence);

/// Reads a direct get's answer: nothing where the stream has no such message (404).
Result<std::optional<Message>> to_message(Received&& received);

}  // namespace vsim::eventstore
