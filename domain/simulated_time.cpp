#include "domain/simulated_time.h"

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

std::optional<std::string> contradiction(const SimulatedTime& time,
                                         std::optional<double> time_scale,
                                         std::optional<std::uint64_t> sim_seed) {
  if (time_scale && *time_scale != time.scale) {
    return "TIME_SCALE is " + short_text(*time_scale) + ", the log's clock runs at " +
           short_text(time.scale) + ": unset it, or reset the data";
  }
  if (sim_seed && *sim_seed != time.seed) {
    return "SIM_SEED is " + std::to_string(*sim_seed) + ", the log's is " +
           std::to_string(time.seed) + ": unset it, or reset the data";
  }
  return std::nullopt;
}

Instant simulated_at(const SimulatedTime& time, WallTime wall) {
  const auto elapsed = std::max(wall - time.stored_at, std::chrono::nanoseconds(0));
  const auto ms = static_cast<long double>(elapsed.count()) / 1e6L * time.scale;
  return time.sim + Duration(static_cast<std::int64_t>(ms));
}

std::optional<Instant> overdue_until(const SimulatedTime& time, WallTime wall) {
  if (wall - time.stored_at < overdue_grace) {
    return std::nullopt;
  }
  const std::chrono::duration<double> simulated = overdue_grace * time.scale;
  return simulated_at(time, wall) - std::chrono::floor<Duration>(simulated);
}

std::chrono::nanoseconds wall_until(const SimulatedTime& time, WallTime wall, Instant due) {
  const auto ahead = due - simulated_at(time, wall);
  if (ahead.count() <= 0) {
    return std::chrono::nanoseconds(0);
  }
  // Rounded up to a wall millisecond more than exact: waking early would only mean waiting again.
  const auto ns = static_cast<long double>(ahead.count()) * 1e6L / time.scale;
  constexpr auto longest = std::chrono::nanoseconds(std::chrono::hours(24));
  if (ns >= static_cast<long double>(longest.count())) {
    return longest;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(ns)));
}

}  // namespace vsim
