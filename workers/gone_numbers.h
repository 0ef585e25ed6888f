#pragma once

// What has become of a warm pool's numbers, as the log tells. D95

#include <cstdint>
#include <vector>

#include "domain/ids.h"
#include "domain/warm_place.h"
#include "eventstore/event_store.h"

namespace vsim::workers {

ServerId server_of_number(const WarmPoolId& pool, std::uint64_t number);

/// Of these numbers, those that are over for good: the log holds something, though no server, or
/// one that has ended. Those that live a view knows, or will.
eventstore::Result<std::vector<std::uint64_t>> find_gone(eventstore::EventStore& store,
                                                         const WarmPoolId& pool,
                                                         const std::vector<std::uint64_t>& numbers);

}  // namespace vsim::workers
