#pragma once

// Sleeping that a stop ends at once.

#include "ops/telemetry/pause.h"

namespace vsim::workers {

using telemetry::pause;

}  // namespace vsim::workers
