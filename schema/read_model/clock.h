#pragma once

// Table `clock`: the last clock event, from which simulated time runs on.

#include <optional>

#include "domain/sim_clock.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

/// Nothing until the log's first event has been projected.
std::optional<ClockState> find_clock(Transaction& tx);

}  // namespace vsim::read_model
