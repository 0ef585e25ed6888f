#pragma once

// Sleeping that a stop ends at once.

#include "ops/process/pause.h"

namespace vsim::workers {

using process::pause;

}  // namespace vsim::workers
