#pragma once

// What every decision on commands looks at.

#include "domain/catalogue.h"
#include "eventstore/event_store.h"
#include "workers/append_costs.h"
#include "workers/fleet_view.h"
#include "workers/reaped_servers.h"

namespace vsim::workers {

/// Outlives all who use it.
struct DecisionTools {
  eventstore::EventStore& store;
  FleetView& view;
  const Catalogue& catalogue;
  ReapedServers& reaped;
  AppendCosts& costs;
};

}  // namespace vsim::workers
