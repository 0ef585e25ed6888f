#pragma once

// Brings into the log what was due: the work of the timekeeper, and of a create that finds no free
// address because nobody has yet said that a terminating server is gone.

#include <functional>
#include <optional>

#include "eventstore/event_store.h"
#include "workers/fleet_view.h"

namespace vsim::workers {

/// Told of each event of time that was appended. One whose append got no answer is not told of.
using OnDue = std::function<void(const Event& event)>;

/// One round: takes the earliest servers of the view (of one region where it is named), decides
/// for each what was due at its deadline if that is not after `until`, and appends it all as one
/// batch. The rounds' events enter the log in the order of their times over all servers; so a
/// round ends where a deadline that it makes itself comes first. Servers for which nothing is due
/// any more are only noted as such. Gives how many servers it looked at; none: nothing is due by
/// `until`, as far as the view knows. Blocks for as long as the log takes.
eventstore::Result<std::size_t> apply_due(eventstore::EventStore& store, FleetView& view,
                                          Instant until, const std::optional<Region>& region,
                                          const OnDue& on_due);

}  // namespace vsim::workers
