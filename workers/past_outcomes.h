#pragma once

// What became of a command that is not its server's last any more: only the whole history tells.

#include <optional>

#include "domain/server.h"
#include "eventstore/event_store.h"

namespace vsim::workers {

/// The latest outcome of the command in its server's log. Reads the whole history.
eventstore::Result<std::optional<LastCommand>> find_past_outcome(eventstore::EventStore& store,
                                                                 const ServerId& server,
                                                                 const CommandId& command);

}  // namespace vsim::workers
