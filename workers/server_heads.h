#pragma once

// What the log ends with for servers, and for the regions that they are in: all that a round of
// decisions needs, read in one request. D92

#include <map>
#include <set>
#include <span>
#include <vector>

#include "domain/region.h"
#include "eventstore/event_store.h"
#include "workers/head.h"

namespace vsim::workers {

/// Regions as the log has them. Not thread-safe.
class RegionStates {
 public:
  /// Takes the last event of a region's subject. An error where this build cannot read it.
  eventstore::Result<void> take(const eventstore::Message& last);

  /// A region without an event has had no incident.
  const RegionState& of(const Region& region) const;

 private:
  std::map<Region, RegionState> states_;
};

/// The heads of servers as they stand in these messages, in the servers' order; what is of a
/// region goes to `regions`.
eventstore::Result<std::vector<ServerHead>> heads_in(std::span<const eventstore::Message> found,
                                                     std::span<const ServerId> servers,
                                                     RegionStates& regions);

/// The heads of servers, in their order, and the regions.
struct ServerHeads {
  std::vector<ServerHead> servers;
  RegionStates regions;
};
eventstore::Result<ServerHeads> load_heads(eventstore::EventStore& store,
                                           std::span<const ServerId> servers,
                                           const std::set<Region>& regions);

}  // namespace vsim::workers
