#pragma once

// How an append and the broker's answer to it look on the wire.

#include <optional>

#include "eventstore/api_reply.h"
#include "eventstore/event_store.h"
#include "eventstore/received.h"

namespace vsim::eventstore {

/// The message's own headers, and its expectation as headers (NATS ADR-4).
Headers wire_headers(const Append& append);

/// The error of an append that the broker gives back because no stream takes its subject; nothing
/// for any other answer.
std::optional<Error> error_without_stream(const Received& reply);

/// What the broker's error means for an append.
Error append_error(const ApiError& error);

/// The answer to a publish or a batch: where the last message stands, or why nothing does.
Result<Sequence> read_append_reply(const Result<Received>& reply);

}  // namespace vsim::eventstore
