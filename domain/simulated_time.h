#pragma once

// Simulated time as a fold of the clock's events: it runs `scale` times as fast as the broker's
// wall clock, from the moment the last clock event was stored. D8

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "domain/instant.h"

namespace vsim {

/// Wall time, as the broker stamps messages.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// How fast it can run. A millionth is a simulated second in 12 days: below that time stands still,
/// and says so nowhere. For TIME_SCALE and for commands.
inline constexpr double time_scale_min = 0.000001;
inline constexpr double time_scale_max = 1'000'000;

/// What the last clock event says of it.
struct SimulatedTime {
  Instant sim;         // simulated time when the event was stored
  WallTime stored_at;  // the broker's stamp of that event
  double scale = 1;    // simulated seconds per wall second, above 0
  std::uint64_t seed = 0;
  bool operator==(const SimulatedTime&) const = default;
};

/// TIME_SCALE and SIM_SEED only make the first clock event. Where a value that was set since
/// differs from it: a sentence that says so and what to do; the process then does not start.
std::optional<std::string> contradiction(const SimulatedTime& time,
                                         std::optional<double> time_scale,
                                         std::optional<std::uint64_t> sim_seed);

/// Simulated time at a wall time; before the event was stored it stands still.
Instant simulated_at(const SimulatedTime& time, WallTime wall);

/// How late a deadline may be, by the wall, before it counts as overdue: a standby takes over after
/// 2 s, and a round under load takes a while.
inline constexpr std::chrono::seconds overdue_grace{5};

/// Deadlines that are not after it are overdue. Nothing right after a change of the clock: much may
/// be due at once then, and nothing is late yet.
std::optional<Instant> overdue_until(const SimulatedTime& time, WallTime wall);

/// How long to wait, on the wall, until simulated time reaches `due`; 0 when it has.
std::chrono::nanoseconds wall_until(const SimulatedTime& time, WallTime wall, Instant due);

}  // namespace vsim
