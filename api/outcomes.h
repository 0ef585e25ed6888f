#pragma once

// Outcomes of commands, as operations show them and as events carry them.

#include <optional>

#include "eventstore/message.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

/// The operation's outcome; nothing while it is PENDING.
std::optional<OutcomeKind> outcome_of(const read_model::OperationRow& operation);

inline bool is_decided(const read_model::OperationRow& operation) {
  return outcome_of(operation).has_value();
}

/// Whether a command with this outcome never has another: it succeeded or was rejected. What was
/// purged or dead-lettered may be sent again, and is a command like any other then. D22
bool is_final(OutcomeKind kind);
bool has_final_outcome(const read_model::OperationRow& operation);

/// Whether the copy at this place of COMMANDS came after the one that the operation names: it has a
/// higher place, or the queue was made anew below one that only a purge can have given. D45
bool is_later(StreamSequence copy, const read_model::OperationRow& operation);

/// Whether the outcome is that of the copy at this place of COMMANDS: it is final, or was given to
/// this copy or a later one.
bool stands_for(const read_model::OperationRow& operation, StreamSequence copy);

/// Whether the server has changed since the outcome.
bool has_moved_on(const read_model::OperationWithServer& found);

/// The same as find_operation() gives, from the event itself, which has been committed; nothing
/// when the event is not this command's outcome.
std::optional<read_model::OperationWithServer> read_outcome(const eventstore::Message& message,
                                                            const CommandId& id);

}  // namespace vsim::api
