#pragma once

// Outcomes of commands: what they say, and one as the projector tells of it.

#include <optional>

#include "eventstore/message.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

bool is_decided(const read_model::OperationRow& operation);

/// Decided for good: succeeded or rejected. What was purged or put with the dead letters may be
/// sent again, and is a command like any other then (D22).
bool was_carried_out(const read_model::OperationRow& operation);

/// Whether the copy at this place of COMMANDS came after the one that the operation tells of: it
/// has a higher place, or the queue was made anew below one that only a purge can have given (D45).
bool is_later(StreamSequence copy, const read_model::OperationRow& operation);

/// Whether the outcome is that of the copy at this place of COMMANDS: given for good, or given to
/// this copy or a later one.
bool stands_for(const read_model::OperationRow& operation, StreamSequence copy);

/// Whether more has happened to the server since the outcome.
bool has_moved_on(const read_model::OperationWithServer& found);

/// The same as find_operation() gives, from the event itself, which has been committed; nothing
/// when the event is not this command's outcome.
std::optional<read_model::OperationWithServer> outcome_told(const eventstore::Message& message,
                                                            const CommandId& id);

}  // namespace vsim::api
