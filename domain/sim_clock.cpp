#include "domain/sim_clock.h"

#include <algorithm>
#include <cmath>

namespace vsim {
namespace {

struct EventOfAction {
  ClockEventData operator()(const AdvanceClock& action) const { return ClockAdvanced{action.by}; }
  ClockEventData operator()(const ScaleClock& action) const { return ClockScaled{action.scale}; }
};

struct OutOfRange {
  std::optional<std::string> operator()(const AdvanceClock& action) const {
    if (action.by.count() >= 0 && action.by <= advance_max) {
      return std::nullopt;
    }
    return "seconds to advance must be 0 to " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(advance_max).count()) +
           " (10 years); take several steps for more";
  }
  std::optional<std::string> operator()(const ScaleClock& action) const {
    if (std::isfinite(action.scale) && action.scale >= time_scale_min &&
        action.scale <= time_scale_max) {
      return std::nullopt;
    }
    return "scale must be 0.000001 to 1000000: simulated seconds in a second";
  }
};

struct ApplyToClock {
  SimClock& clock;
  Instant at;
  WallTime stored_at;

  void move_base() const {
    clock.time.sim = simulated_at(clock, stored_at);
    clock.time.stored_at = std::max(clock.time.stored_at, stored_at);
  }

  void operator()(const ClockStarted& event) const {
    clock.time = {.sim = at, .stored_at = stored_at, .scale = event.scale, .seed = event.seed};
    clock.deadlines_applied_through = at;
  }
  void operator()(const ClockAdvanced& event) const {
    move_base();
    clock.time.sim += event.by;
  }
  void operator()(const ClockScaled& event) const {
    move_base();
    clock.time.scale = event.scale;
  }
  void operator()(const CommandRejected&) const {}
  void operator()(const CommandPurged&) const {}
  void operator()(const CommandDeadLettered&) const {}
  void operator()(const DeadlinesApplied& event) const {
    clock.deadlines_applied_through = std::max(clock.deadlines_applied_through, event.through);
  }
};

}  // namespace

std::optional<std::string> out_of_range(const ClockAction& action) {
  return std::visit(OutOfRange{}, action);
}

Instant simulated_at(const SimClock& clock, WallTime wall) {
  return std::max(simulated_at(clock.time, wall), clock.deadlines_applied_through);
}

CommandSummary summary_of(const ClockCommand& command) {
  return {.region = std::nullopt,
          .server = std::nullopt,
          .cause = cause_of(command),
          .origin = command.origin};
}

Decision<ClockEvent> decide(const SimClock& clock, const ClockCommand& command, WallTime wall) {
  if (auto past = verdict_of_the_past(clock.last_command, command)) {
    return {{}, std::move(*past)};
  }
  const auto now = simulated_at(clock, wall);
  ClockEvent event{.version = clock.version + 1,
                   .at = now,
                   .cause = cause_of(command),
                   .origin = command.origin,
                   .data = std::visit(EventOfAction{}, command.action)};
  const auto* advance = std::get_if<AdvanceClock>(&command.action);
  if (advance == nullptr || now + advance->by <= advance_end) {
    return {{std::move(event)}, Succeeded{}};
  }
  const Rejection too_far{RejectionCode::invalid_transition,
                          "simulated time ends with the year 8999"};
  event.data = CommandRejected{too_far};
  return {{std::move(event)}, too_far};
}

std::optional<ClockEvent> decide_outcome(const SimClock& clock, const CommandSummary& command,
                                         NoChange outcome, WallTime wall) {
  if (has_outcome(clock.last_command, command.cause)) {
    return std::nullopt;
  }
  return ClockEvent{.version = clock.version + 1,
                    .at = simulated_at(clock, wall),
                    .cause = command.cause,
                    .origin = command.origin,
                    .data = data_of<ClockEventData>(std::move(outcome))};
}

ClockEvent deadlines_applied(const SimClock& clock, DeadlinesApplied applied) {
  return {.version = clock.version + 1,
          .at = applied.through,
          .cause = std::nullopt,
          .origin = {"timekeeper", {}},
          .data = applied};
}

SimClock evolve(SimClock clock, const ClockEvent& event, WallTime stored_at) {
  clock.version = event.version;
  record_command(clock.last_command, event);
  std::visit(ApplyToClock{clock, event.at, stored_at}, event.data);
  return clock;
}

}  // namespace vsim
