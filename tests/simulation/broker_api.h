#pragma once

// Texts of the simulated broker's API that more than one file writes.

#include <string>

#include "tests/simulation/machine.h"

namespace vsim::simulation {

/// RFC 3339 with nine digits of fraction, as the broker writes times.
std::string stamp_of(Time at);

}  // namespace vsim::simulation
