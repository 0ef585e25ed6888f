#pragma once

// Table `clock`: simulated time as the last clock event left it.

#include <optional>

#include "domain/simulated_time.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct ClockRow {
  SimulatedTime time;         // runs on from the last event that changed it
  Instant deadlines_applied;  // what fell due by then can be read
  bool operator==(const ClockRow&) const = default;
};

/// Nothing until the log's first event has been projected.
std::optional<ClockRow> find_clock(Transaction& tx);

}  // namespace vsim::read_model
