#pragma once

// Brings into the log what was due: the work of the timekeeper, and of a create that finds no free
// address because nobody has yet said that a terminating server is gone.

#include <functional>
#include <span>

#include "eventstore/event_store.h"
#include "workers/deadline_queue.h"
#include "workers/fleet_view.h"

namespace vsim::workers {

/// Told of each event of time that was appended: its type, its deadline and simulated now.
using OnDue = std::function<void(const Event& event, Instant now)>;

/// Decides for each server what was due by now, and appends it in group commits. Servers for which
/// nothing was due any more are only noted as such. Blocks for as long as the log takes.
eventstore::Result<void> apply_due(eventstore::EventStore& store, FleetView& view,
                                   std::span<const DueServer> servers, const OnDue& on_due);

}  // namespace vsim::workers
