#pragma once

// What became of a command, read from EVENTS: the log decides, and needs no Postgres.

#include <chrono>
#include <optional>
#include <string>

#include "domain/server.h"
#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// The subjects of EVENTS where the outcomes of a command stand; empty for a subject that is no
/// command's.
std::string outcomes_filter(const std::string& command_subject);

/// An outcome, and where it stands.
struct Fate {
  OutcomeKind kind{};
  std::string text;                  // "SUCCEEDED", or with the reason: "REJECTED: cannot ..."
  eventstore::Sequence event = 0;    // in EVENTS
  eventstore::Sequence command = 0;  // in COMMANDS
};

/// The last outcome of a command under its subject; nothing when it has none.
eventstore::Result<std::optional<Fate>> find_fate(eventstore::EventStore& events,
                                                  const std::string& command_subject,
                                                  const CommandId& id);

/// The same, as soon as the command at `sequence` of the queue has been decided: while it waits
/// there, it has none. Nothing within `patience`.
eventstore::Result<std::optional<Fate>> await_fate(Log& log, const std::string& command_subject,
                                                   const CommandId& id,
                                                   eventstore::Sequence sequence,
                                                   std::chrono::milliseconds patience);

}  // namespace vsim::vsimctl
