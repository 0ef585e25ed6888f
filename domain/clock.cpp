#include "domain/clock.h"

#include <algorithm>
#include <cmath>

namespace vsim {
namespace {

ClockEventData data_of(const ClockAction& action) {
  if (const auto* advance = std::get_if<AdvanceClock>(&action)) {
    return ClockAdvanced{advance->by};
  }
  return ClockScaled{std::get<ScaleClock>(action).scale};
}

struct ApplyToClock {
  SimClock& clock;
  Instant at;
  WallTime stored_at;

  void move_base() const {
    clock.time.sim = simulated_at(clock, stored_at);
    clock.time.stored_at = std::max(clock.time.stored_at, stored_at);
  }

  void operator()(const ClockStarted& event) const {
    clock.time = {at, stored_at, event.scale, event.seed};
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
  if (const auto* advance = std::get_if<AdvanceClock>(&action)) {
    if (advance->by.count() >= 0 && advance->by <= advance_max) {
      return std::nullopt;
    }
    return "seconds to advance must be 0 to " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(advance_max).count()) +
           " (10 years); take several steps for more";
  }
  const auto scale = std::get<ScaleClock>(action).scale;
  if (std::isfinite(scale) && scale >= scale_min && scale <= scale_max) {
    return std::nullopt;
  }
  return "scale must be 0.000001 to 1000000: simulated seconds in a second";
}

Instant simulated_at(const SimClock& clock, WallTime wall) {
  return std::max(simulated_at(clock.time, wall), clock.deadlines_applied_through);
}

CommandNote note_of(const ClockCommand& command) {
  return {{},
          {},
          {command.id, command.sequence, command.request_hash,
           std::string(command_type(command.action))},
          command.origin};
}

ClockDecision decide(const SimClock& clock, const ClockCommand& command, WallTime wall) {
  if (auto past = verdict_of_the_past(clock.last_command, command.id, command.sequence)) {
    return {std::nullopt, std::move(*past)};
  }
  const auto now = simulated_at(clock, wall);
  ClockEvent event{clock.version + 1, now, note_of(command).cause, command.origin,
                   data_of(command.action)};
  const auto* advance = std::get_if<AdvanceClock>(&command.action);
  if (advance == nullptr || now + advance->by <= advance_end) {
    return {std::move(event), Succeeded{}};
  }
  const Rejection too_far{RejectionCode::invalid_transition,
                          "simulated time ends with the year 8999"};
  event.data = CommandRejected{too_far};
  return {std::move(event), too_far};
}

std::optional<ClockEvent> decide_outcome(const SimClock& clock, const CommandNote& command,
                                         NoChange outcome, WallTime wall) {
  if (has_outcome(clock.last_command, command.cause)) {
    return std::nullopt;
  }
  const auto data = [](auto&& given) { return ClockEventData(std::move(given)); };
  return ClockEvent{clock.version + 1, simulated_at(clock, wall), command.cause, command.origin,
                    std::visit(data, std::move(outcome))};
}

ClockEvent deadlines_applied(const SimClock& clock, Instant through) {
  return {clock.version + 1, through, std::nullopt, {"timekeeper", {}}, DeadlinesApplied{through}};
}

SimClock evolve(SimClock clock, const ClockEvent& event, WallTime stored_at) {
  clock.version = event.version;
  if (event.cause) {
    note_command(clock.last_command, *event.cause, outcome_of(event.data));
  }
  std::visit(ApplyToClock{clock, event.at, stored_at}, event.data);
  return clock;
}

Outcome outcome_of(const ClockEventData& data) {
  struct Name {
    Outcome operator()(const ClockStarted&) const { return {}; }
    Outcome operator()(const ClockAdvanced&) const { return {}; }
    Outcome operator()(const ClockScaled&) const { return {}; }
    Outcome operator()(const DeadlinesApplied&) const { return {}; }
    Outcome operator()(const CommandRejected& e) const { return outcome_of(EventData(e)); }
    Outcome operator()(const CommandPurged& e) const { return outcome_of(EventData(e)); }
    Outcome operator()(const CommandDeadLettered& e) const { return outcome_of(EventData(e)); }
  };
  return std::visit(Name{}, data);
}

std::string_view event_type(const ClockEventData& data) {
  struct Name {
    std::string_view operator()(const ClockStarted&) const { return "clock_started"; }
    std::string_view operator()(const ClockAdvanced&) const { return "clock_advanced"; }
    std::string_view operator()(const ClockScaled&) const { return "clock_scaled"; }
    std::string_view operator()(const DeadlinesApplied&) const { return "deadlines_applied"; }
    std::string_view operator()(const CommandRejected& e) const { return event_type(EventData(e)); }
    std::string_view operator()(const CommandPurged& e) const { return event_type(EventData(e)); }
    std::string_view operator()(const CommandDeadLettered& e) const {
      return event_type(EventData(e));
    }
  };
  return std::visit(Name{}, data);
}

std::string_view command_type(const ClockAction& action) {
  return std::holds_alternative<AdvanceClock>(action) ? "advance" : "scale";
}

}  // namespace vsim
