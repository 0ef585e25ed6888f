#include "workers/fleet_commands.h"

#include <utility>

#include "schema/messages/event_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"
#include "workers/single_subject.h"

namespace vsim::workers {

using eventstore::Error;
using eventstore::Result;
using messages::ClockLogged;
using messages::PoolLogged;

namespace {

std::string subject_of(const CommandSummary& command) {
  return command.region ? messages::pool_events(*command.region)
                        : std::string(messages::clock_subject);
}

// The time that a pool or the clock decides by.
Instant time_for(const Pool&, const FleetView& view) { return view.now(); }
WallTime time_for(const SimClock&, const FleetView& view) { return view.wall(); }

Result<void> check_started(const HeadOf<ClockLogged>& clock) {
  if (clock.sequence == 0) {
    return eventstore::fail(Error::Kind::unavailable, "the log has no clock yet");
  }
  return {};
}
Result<void> check_started(const HeadOf<PoolLogged>&) { return {}; }

// A decision of the domain on one subject, which makes one event at most.
template <typename Event>
SubjectDecision<Event, Verdict> with_verdict(Decision<Event> decision) {
  SubjectDecision<Event, Verdict> result{std::nullopt, std::move(decision.verdict)};
  if (!decision.events.empty()) {
    result.event = std::move(decision.events.front());
  }
  return result;
}

}  // namespace

Result<Verdict> FleetCommands::carry_out(const messages::DecodedCommand& command) {
  if (auto ok = tools_.view.check_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  if (const auto* pool = std::get_if<ExtendPool>(&command.command)) {
    return extend_pool(*pool, command.reply_to);
  }
  return move_clock(std::get<ClockCommand>(command.command), command.may_be_repeat,
                    command.reply_to);
}

Result<std::optional<std::string>> FleetCommands::find_misfit(
    const messages::DecodedCommand& command) {
  if (!command.may_be_repeat) {
    return std::optional<std::string>();
  }
  const auto summary = messages::summary_of(command);
  const auto past = find_past_outcome(tools_.store, subject_of(summary), summary.cause.command);
  if (!past) {
    return tl::unexpected(past.error());
  }
  return *past ? messages::find_misfit((*past)->cause, summary.cause) : std::nullopt;
}

Result<std::optional<Outcome>> FleetCommands::give_outcome(const CommandSummary& command,
                                                           const NoChange& outcome,
                                                           const std::string& reply_to) {
  if (auto ok = tools_.view.check_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto subject = subject_of(command);
  return command.region ? give_outcome_on<PoolLogged>(subject, command, outcome, reply_to)
                        : give_outcome_on<ClockLogged>(subject, command, outcome, reply_to);
}

Result<Verdict> FleetCommands::extend_pool(const ExtendPool& command, const std::string& reply_to) {
  using PoolDecision = SubjectDecision<PoolEvent, Verdict>;
  const auto decide_once = [&](const HeadOf<PoolLogged>& pool) -> Result<PoolDecision> {
    return with_verdict(decide(pool.state, command, tools_.view.now(), tools_.catalogue));
  };
  return decide_on<PoolLogged>(tools_.store, messages::pool_events(command.region), reply_to,
                               decide_once);
}

Result<Verdict> FleetCommands::move_clock(const ClockCommand& command, bool may_be_repeat,
                                          const std::string& reply_to) {
  using ClockDecision = SubjectDecision<ClockEvent, Verdict>;
  const std::string subject(messages::clock_subject);
  const auto decide_once = [&](const HeadOf<ClockLogged>& clock) -> Result<ClockDecision> {
    if (auto started = check_started(clock); !started) {
      return tl::unexpected(started.error());
    }
    const auto& last = clock.state.last_command;
    if (may_be_repeat || is_after_high(last, command.sequence)) {
      const auto earlier = find_earlier(last, cause_of(command), subject);
      if (!earlier) {
        return tl::unexpected(earlier.error());
      }
      if (*earlier) {
        return ClockDecision{std::nullopt, AlreadyDecided{**earlier}};
      }
    }
    return with_verdict(decide(clock.state, command, tools_.view.wall()));
  };
  auto verdict = decide_on<ClockLogged>(tools_.store, subject, reply_to, decide_once);
  if (verdict) {
    tools_.view.catch_up();  // what this worker decides next is decided at the new time
  }
  return verdict;
}

template <typename Kind>
Result<std::optional<Outcome>> FleetCommands::give_outcome_on(const std::string& subject,
                                                              const CommandSummary& command,
                                                              const NoChange& outcome,
                                                              const std::string& reply_to) {
  using Given = SubjectDecision<decltype(Kind::event), std::optional<Outcome>>;
  const auto decide_once = [&](const HeadOf<Kind>& head) -> Result<Given> {
    if (auto started = check_started(head); !started) {
      return tl::unexpected(started.error());
    }
    const auto& last = head.state.last_command;
    auto earlier = find_earlier(last, command.cause, subject);
    if (!earlier) {
      return tl::unexpected(earlier.error());
    }
    if (*earlier) {
      return Given{std::nullopt, std::move(*earlier)};
    }
    auto event = decide_outcome(head.state, command, outcome, time_for(head.state, tools_.view));
    if (!event) {
      return Given{std::nullopt, last->outcome};
    }
    return Given{std::move(event), std::nullopt};
  };
  return decide_on<Kind>(tools_.store, subject, reply_to, decide_once);
}

Result<std::optional<Outcome>> FleetCommands::find_earlier(const std::optional<LastCommand>& last,
                                                           const Cause& command,
                                                           const std::string& subject) {
  auto given = last;
  if (given && given->cause.command != command.command) {
    auto past = find_past_outcome(tools_.store, subject, command.command);
    if (!past) {
      return tl::unexpected(past.error());
    }
    given = std::move(*past);
  }
  const bool decided = given && stands_for(*given, command.sequence);
  return decided ? std::optional(given->outcome) : std::nullopt;
}

}  // namespace vsim::workers
