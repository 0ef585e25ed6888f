#pragma once

// The outcome of a command, read from EVENTS alone; Postgres is not needed.

#include <chrono>
#include <optional>
#include <string>

#include "domain/server.h"
#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// The subjects of EVENTS that hold the outcomes of a command; empty for a subject that is no
/// command's.
std::string outcomes_filter(const std::string& command_subject);

/// An outcome, and its sequences.
struct CommandOutcome {
  OutcomeKind kind{};
  std::string text;                  // "SUCCEEDED", or with the reason: "REJECTED: cannot ..."
  eventstore::Sequence event = 0;    // in EVENTS
  eventstore::Sequence command = 0;  // in COMMANDS
};

/// The last outcome of a command under its subject; nothing when it has none.
eventstore::Result<std::optional<CommandOutcome>> find_outcome(eventstore::EventStore& events,
                                                               const std::string& command_subject,
                                                               const CommandId& id);

/// The same, once the command at `sequence` of the queue has been decided. Nothing when it still
/// waits after `patience`.
eventstore::Result<std::optional<CommandOutcome>> await_outcome(Log& log,
                                                                const std::string& command_subject,
                                                                const CommandId& id,
                                                                eventstore::Sequence sequence,
                                                                std::chrono::milliseconds patience);

}  // namespace vsim::vsimctl
