#pragma once

// The first events of a log: the clock's start and the regions' first addresses.

#include <cstdint>
#include <optional>

#include "domain/catalogue.h"
#include "eventstore/event_store.h"

namespace vsim::vsimctl {

/// Settings of the first clock event alone. Unset: scale 1, and a random seed.
struct ClockSettings {
  std::optional<double> time_scale;
  std::optional<std::uint64_t> sim_seed;
};

/// Appends what is missing; what is there stays. Refused when a set value differs from the log's.
eventstore::Result<void> seed_log(eventstore::EventStore& store, const Catalogue& catalogue,
                                  Instant now, const ClockSettings& settings);

}  // namespace vsim::vsimctl
