#include "domain/sim_clock.h"

#include <algorithm>
#include <cmath>

namespace vsim {

Instant simulated_at(const ClockState& clock, WallTime wall) {
  const auto elapsed = std::max(wall - clock.stored_at, std::chrono::nanoseconds(0));
  const auto ms = static_cast<long double>(elapsed.count()) / 1e6L * clock.scale;
  return clock.sim + Duration(static_cast<std::int64_t>(ms));
}

std::chrono::nanoseconds wall_until(const ClockState& clock, WallTime wall, Instant due) {
  const auto ahead = due - simulated_at(clock, wall);
  if (ahead.count() <= 0) return std::chrono::nanoseconds(0);
  // Rounded up to a wall millisecond more than exact: waking early would only mean waiting again.
  const auto ns = static_cast<long double>(ahead.count()) * 1e6L / clock.scale;
  constexpr auto longest = std::chrono::nanoseconds(std::chrono::hours(24));
  if (ns >= static_cast<long double>(longest.count())) return longest;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(ns)));
}

}  // namespace vsim
