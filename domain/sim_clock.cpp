#include "domain/sim_clock.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vsim {
namespace {

// "1", not "1.000000".
std::string short_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

std::optional<std::string> contradiction(const ClockState& clock, std::optional<double> time_scale,
                                         std::optional<std::uint64_t> sim_seed) {
  if (time_scale && *time_scale != clock.scale) {
    return "TIME_SCALE is " + short_text(*time_scale) + ", the log's clock runs at " +
           short_text(clock.scale) + ": unset it, or reset the data";
  }
  if (sim_seed && *sim_seed != clock.seed) {
    return "SIM_SEED is " + std::to_string(*sim_seed) + ", the log's is " +
           std::to_string(clock.seed) + ": unset it, or reset the data";
  }
  return std::nullopt;
}

Instant simulated_at(const ClockState& clock, WallTime wall) {
  const auto elapsed = std::max(wall - clock.stored_at, std::chrono::nanoseconds(0));
  const auto ms = static_cast<long double>(elapsed.count()) / 1e6L * clock.scale;
  return clock.sim + Duration(static_cast<std::int64_t>(ms));
}

std::chrono::nanoseconds wall_until(const ClockState& clock, WallTime wall, Instant due) {
  const auto ahead = due - simulated_at(clock, wall);
  if (ahead.count() <= 0) {
    return std::chrono::nanoseconds(0);
  }
  // Rounded up to a wall millisecond more than exact: waking early would only mean waiting again.
  const auto ns = static_cast<long double>(ahead.count()) * 1e6L / clock.scale;
  constexpr auto longest = std::chrono::nanoseconds(std::chrono::hours(24));
  if (ns >= static_cast<long double>(longest.count())) {
    return longest;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(ns)));
}

}  // namespace vsim
