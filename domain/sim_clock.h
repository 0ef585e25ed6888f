#pragma once

// The clock aggregate: what may be asked of simulated time, what can happen to it, what it is then.
// One for the whole fleet, on a subject of its own. Pure, like server.h. D8

#include <optional>
#include <string>
#include <variant>

#include "domain/command.h"
#include "domain/fact.h"
#include "domain/simulated_time.h"

namespace vsim {

// ---------------------------------------------------------------------------------------------
// Commands.

/// Time jumps ahead, through every deadline on the way.
struct AdvanceClock {
  Duration by{};
  bool operator==(const AdvanceClock&) const = default;
};
/// From now on time runs `scale` times as fast as the wall's.
struct ScaleClock {
  double scale = 1;
  bool operator==(const ScaleClock&) const = default;
};
using ClockAction = std::variant<AdvanceClock, ScaleClock>;

struct ClockCommand : CommandHead {
  ClockAction action;
};

inline constexpr Duration advance_max = std::chrono::seconds(315'576'000);  // 10 Julian years
/// No advance goes beyond it: RFC 3339 ends with the year 9999, of which a thousand years are left
/// for deadlines.
inline constexpr Instant advance_end = std::chrono::sys_days(std::chrono::year(9000) / 1 / 1);

/// Why an action is out of range, as a sentence that says what to change; nothing when it is not.
std::optional<std::string> out_of_range(const ClockAction& action);

// ---------------------------------------------------------------------------------------------
// Events.

struct ClockStarted {
  double scale = 1;
  std::uint64_t seed = 0;
  bool operator==(const ClockStarted&) const = default;
};
struct ClockAdvanced {
  Duration by{};
  bool operator==(const ClockAdvanced&) const = default;
};
struct ClockScaled {
  double scale = 1;
  bool operator==(const ClockScaled&) const = default;
};
/// The timekeeper has brought every deadline up to `through` into the log, as far as events up to
/// `log_through` have set it: what others decided earlier and stored later may still be due.
struct DeadlinesApplied {
  Instant through;
  std::optional<StreamSequence> log_through;  // none: a build before D84
  bool operator==(const DeadlinesApplied&) const = default;
};
using ClockEventData = EventDataOf<ClockStarted, ClockAdvanced, ClockScaled, DeadlinesApplied>;
using ClockEvent = Fact<ClockEventData>;

// ---------------------------------------------------------------------------------------------
// State.

/// The clock of the whole fleet.
struct SimClock {
  Version version = 0;
  SimulatedTime time;                 // runs on from the last event that changed it
  Instant deadlines_applied_through;  // no billing watermark passes it
  std::optional<LastCommand> last_command;
  bool operator==(const SimClock&) const = default;
};

/// Simulated time at a wall time. What has been applied has been reached: whoever applied it may
/// have run on by a scale that was changed a moment ago, or have a clock that is a little ahead.
Instant simulated_at(const SimClock& clock, WallTime wall);

/// The clock must have started. `wall` is the broker's time as far as it is known.
Decision<ClockEvent> decide(const SimClock& clock, const ClockCommand& command, WallTime wall);

/// An outcome that others than the clock give, under the rules of a server's.
std::optional<ClockEvent> decide_outcome(const SimClock& clock, const CommandSummary& command,
                                         NoChange outcome, WallTime wall);

/// The timekeeper's event, once all deadlines that it speaks of are in the log.
ClockEvent deadlines_applied(const SimClock& clock, DeadlinesApplied applied);

/// The state after an event that the broker stamped with `stored_at`. A change counts from that
/// stamp, which all readers see alike, so time never goes back, however long the event was under
/// way.
SimClock evolve(SimClock clock, const ClockEvent& event, WallTime stored_at);

std::string_view event_type(const ClockEventData& data);   // "clock_advanced"
std::string_view command_type(const ClockAction& action);  // "advance"
std::string_view command_type(const ClockCommand& command);
CommandSummary summary_of(const ClockCommand& command);

}  // namespace vsim
