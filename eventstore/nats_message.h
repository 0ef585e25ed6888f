#pragma once

// Between nats.c's messages and ours.

#include <string>
#include <string_view>

#include "eventstore/nats_handle.h"
#include "eventstore/received.h"

namespace vsim::eventstore {

/// Builds a message to send; throws std::bad_alloc and nothing else.
NatsMsgHandle make_message(const std::string& subject, const std::string& reply_to,
                           std::string_view payload, const Headers& headers);

/// Copies a message that came.
Received receive(natsMsg* message);

/// The first value of one header of a message that came; empty when it has none.
std::string_view header_of(natsMsg* message, const char* name);

/// nats.c's status as an error. `sent` tells whether the request may have reached the broker.
Error error_of(natsStatus status, const std::string& doing);

}  // namespace vsim::eventstore
