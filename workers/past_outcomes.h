#pragma once

// The outcome of a command that is not its subject's last one any more, from the whole history.

#include <optional>
#include <string>

#include "domain/server.h"
#include "eventstore/event_store.h"

namespace vsim::workers {

/// The latest outcome of the command under a filter that holds its subject's events. Reads their
/// whole history.
eventstore::Result<std::optional<LastCommand>> find_past_outcome(eventstore::EventStore& store,
                                                                 const std::string& filter,
                                                                 const CommandId& command);

}  // namespace vsim::workers
