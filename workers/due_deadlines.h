#pragma once

// Appends the events of deadlines that have passed: for the timekeeper, and for a create that finds
// no free address because the end of a terminating server is not in the log yet. D7

#include <functional>
#include <optional>

#include "eventstore/event_store.h"
#include "workers/append_costs.h"
#include "workers/fleet_view.h"

namespace vsim::workers {

/// Called for each event of time that was appended; not for one whose append got no answer.
using OnDue = std::function<void(const Event& event)>;

/// One round: takes the earliest servers of the view (of one region where it is named), decides
/// for each what was due at its deadline if that is not after `until`, and appends it all as one
/// batch, or a few events as one chain. The rounds' events enter the log in the order of their
/// times over all servers; so a round ends where a deadline that it makes itself comes first.
/// Servers for which nothing is due any more only change the view. An incident that ends by then is
/// ended, in a round of its own, after what is due before. Gives how many servers it looked
/// at; 0: nothing is due by `until`, as far as the view knows. Blocks for as long as the log takes.
eventstore::Result<std::size_t> apply_due(eventstore::EventStore& store, FleetView& view,
                                          AppendCosts& costs, Instant until,
                                          const std::optional<Region>& region, const OnDue& on_due);

}  // namespace vsim::workers
