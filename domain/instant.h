#pragma once

// Simulated time. Milliseconds are the grain: fine enough that a server's events seldom share an
// instant, coarse enough to print as RFC 3339 with three digits. Ties are ordered by version.

#include <chrono>

namespace vsim {

using Duration = std::chrono::milliseconds;

/// A moment of simulated time, UTC.
using Instant = std::chrono::sys_time<Duration>;

}  // namespace vsim
