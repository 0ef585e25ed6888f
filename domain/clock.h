#pragma once

// The clock aggregate: what may be asked of simulated time, what can happen to it, what it is then.
// One for the whole fleet, on a subject of its own. Pure, like server.h.

#include <optional>
#include <string>
#include <variant>

#include "domain/server.h"
#include "domain/sim_clock.h"

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

struct ClockCommand {
  CommandId id;
  StreamSequence sequence = 0;  // its place in COMMANDS
  std::string request_hash;
  Origin origin;
  ClockAction action;
};

inline constexpr Duration advance_max = std::chrono::seconds(315'576'000);  // 10 Julian years
/// A millionth: a simulated second in 12 days. Below that time stands still, and says so nowhere.
inline constexpr double scale_min = 0.000001;
inline constexpr double scale_max = 1'000'000;
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
/// The timekeeper's word that every deadline up to `through` has been brought into the log.
struct DeadlinesApplied {
  Instant through;
  bool operator==(const DeadlinesApplied&) const = default;
};
using ClockEventData = std::variant<ClockStarted, ClockAdvanced, ClockScaled, DeadlinesApplied,
                                    CommandRejected, CommandPurged, CommandDeadLettered>;

struct ClockEvent {
  Version version = 0;
  Instant at;  // simulated time when it was decided
  std::optional<Cause> cause;
  Origin origin;
  ClockEventData data;
  bool operator==(const ClockEvent&) const = default;
};

// ---------------------------------------------------------------------------------------------
// State.

struct SimClock {
  Version version = 0;
  ClockState time;                    // runs on from the last event that changed it
  Instant deadlines_applied_through;  // no billing watermark passes it
  std::optional<LastCommand> last_command;
  bool operator==(const SimClock&) const = default;
};

/// Simulated time at a wall time. What has been applied has been reached: whoever applied it may
/// have run on by a scale that was changed a moment ago, or have a clock that is a little ahead.
Instant simulated_at(const SimClock& clock, WallTime wall);

/// What became of a clock command: the event to append, or nothing when it is no news.
struct ClockDecision {
  std::optional<ClockEvent> event;
  Verdict verdict;
};

/// The clock must have started. `wall` is the broker's time as far as it is known.
ClockDecision decide(const SimClock& clock, const ClockCommand& command, WallTime wall);

/// An outcome that others than the clock give, under the rules of a server's.
std::optional<ClockEvent> decide_outcome(const SimClock& clock, const CommandNote& command,
                                         NoChange outcome, WallTime wall);

CommandNote note_of(const ClockCommand& command);
Outcome outcome_of(const ClockEventData& data);

/// The timekeeper's event, once all deadlines up to `through` are in the log.
ClockEvent deadlines_applied(const SimClock& clock, Instant through);

/// The state after an event that the broker stamped with `stored_at`. A change counts from that
/// stamp, which all readers see alike, so time never goes back, however long the event was under
/// way.
SimClock evolve(SimClock clock, const ClockEvent& event, WallTime stored_at);

std::string_view event_type(const ClockEventData& data);   // "clock_advanced"
std::string_view command_type(const ClockAction& action);  // "advance"

}  // namespace vsim
