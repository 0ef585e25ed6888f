#pragma once

// Tells the callers that wait for an outcome that it can be read.

#include <span>

#include "eventstore/message.h"
#include "workers/worker_connections.h"

namespace vsim::workers {

/// Sends each event to the inbox that its header Vsim-Reply-To names, if it has one. Best effort:
/// who hears nothing looks by itself. A few replies go out one by one on the connection that sends
/// at once; more are gathered and leave in one write, which waits for the broker. Any thread.
void tell_waiters(std::span<const eventstore::Message> committed, const Connections& to);

}  // namespace vsim::workers
