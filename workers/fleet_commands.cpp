#include "workers/fleet_commands.h"

#include <utility>

#include "domain/invariant.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"
#include "workers/single_subject.h"

namespace vsim::workers {

using eventstore::Error;
using eventstore::Result;
using messages::ClockLogged;
using messages::FaultsLogged;
using messages::PoolLogged;
using messages::RegionLogged;
using messages::WarmPoolLogged;

namespace {

constexpr auto for_fleet_only = "a single server's command was given to FleetCommands";

/// The subject of the events that a command brings about: one command of each kind.
struct EventsSubject {
  std::string operator()(const Command& command) const {
    return messages::server_events(command.region, command.server);
  }
  std::string operator()(const ExtendPool& command) const {
    return messages::pool_events(command.region);
  }
  std::string operator()(const RegionCommand& command) const {
    return messages::region_events(command.region);
  }
  std::string operator()(const ClockCommand&) const { return std::string(messages::clock_subject); }
  std::string operator()(const FaultsCommand&) const {
    return std::string(messages::faults_subject);
  }
  std::string operator()(const WarmPoolCommand& command) const {
    return messages::warm_pool_events(command.pool);
  }
};

// A summary, which is all that is left of a purged command, says by what it names whose it was.
messages::CommandTarget::Kind target_kind_of(const CommandSummary& command) {
  using enum messages::CommandTarget::Kind;
  if (command.server) {
    return server;
  }
  if (command.warm_pool) {
    return warm_pool;
  }
  if (is_region_command(command.cause.type)) {
    return region;
  }
  if (command.region) {
    return pool;
  }
  return is_faults_command(command.cause.type) ? faults : clock;
}

// The time that each decides by.
Instant time_for(const Pool&, const FleetView& view) { return view.now(); }
Instant time_for(const DoorFaults&, const FleetView& view) { return view.now(); }
Instant time_for(const WarmPool&, const FleetView& view) { return view.now(); }
Instant time_for(const RegionState&, const FleetView& view) { return view.now(); }
WallTime time_for(const SimClock&, const FleetView& view) { return view.wall(); }

Result<void> check_started(const HeadOf<ClockLogged>& clock) {
  if (clock.sequence == 0) {
    return eventstore::fail(Error::Kind::unavailable, "the log has no clock yet");
  }
  return {};
}
Result<void> check_started(const HeadOf<PoolLogged>&) { return {}; }
Result<void> check_started(const HeadOf<FaultsLogged>&) { return {}; }
Result<void> check_started(const HeadOf<RegionLogged>&) { return {}; }
Result<void> check_started(const HeadOf<WarmPoolLogged>&) { return {}; }

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

/// One command of each kind.
struct FleetCommands::CarryOut {
  FleetCommands& fleet;
  const messages::DecodedCommand& decoded;

  Result<Verdict> operator()(const Command&) const {
    invariant(false, for_fleet_only);
    return eventstore::fail(Error::Kind::refused, for_fleet_only);
  }
  Result<Verdict> operator()(const ExtendPool& command) const {
    return fleet.extend_pool(command, decoded.may_be_repeat, decoded.reply_to);
  }
  Result<Verdict> operator()(const RegionCommand& command) const {
    return fleet.change_region(command, decoded.may_be_repeat, decoded.reply_to);
  }
  Result<Verdict> operator()(const ClockCommand& command) const {
    return fleet.move_clock(command, decoded.may_be_repeat, decoded.reply_to);
  }
  Result<Verdict> operator()(const FaultsCommand& command) const {
    return fleet.change_faults(command, decoded.may_be_repeat, decoded.reply_to);
  }
  Result<Verdict> operator()(const WarmPoolCommand& command) const {
    return fleet.change_warm_pool(command, decoded.may_be_repeat, decoded.reply_to);
  }
};

Result<Verdict> FleetCommands::carry_out(const messages::DecodedCommand& command,
                                         WallTime stored_at) {
  if (auto ok = know_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  tools_.view.not_before(stored_at);
  return std::visit(CarryOut{*this, command}, command.command);
}

// Whoever has moved the clock has no later command decided in the past by a worker that lags. D19
Result<void> FleetCommands::know_time() {
  if (auto ok = tools_.view.check_time(); !ok) {
    return ok;
  }
  return tools_.view.refresh_clock();
}

Result<std::optional<std::string>> FleetCommands::find_misfit(
    const messages::DecodedCommand& command) {
  if (!command.may_be_repeat) {
    return std::optional<std::string>();
  }
  const auto summary = messages::summary_of(command);
  const auto subject = std::visit(EventsSubject{}, command.command);
  const auto past = find_past_outcome(tools_.store, subject, summary.cause.command);
  if (!past) {
    return tl::unexpected(past.error());
  }
  return *past ? messages::find_misfit((*past)->cause, summary.cause) : std::nullopt;
}

Result<std::optional<Outcome>> FleetCommands::give_outcome(const CommandSummary& command,
                                                           const NoChange& outcome,
                                                           const std::string& reply_to) {
  if (auto ok = know_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  switch (target_kind_of(command)) {
    case messages::CommandTarget::Kind::pool:
      return give_outcome_on<PoolLogged>(messages::pool_events(*command.region), command, outcome,
                                         reply_to);
    case messages::CommandTarget::Kind::region:
      return give_outcome_on<RegionLogged>(messages::region_events(*command.region), command,
                                           outcome, reply_to);
    case messages::CommandTarget::Kind::clock:
      return give_outcome_on<ClockLogged>(std::string(messages::clock_subject), command, outcome,
                                          reply_to);
    case messages::CommandTarget::Kind::faults:
      return give_outcome_on<FaultsLogged>(std::string(messages::faults_subject), command, outcome,
                                           reply_to);
    case messages::CommandTarget::Kind::warm_pool:
      return give_outcome_on<WarmPoolLogged>(messages::warm_pool_events(*command.warm_pool),
                                             command, outcome, reply_to);
    case messages::CommandTarget::Kind::server:
      break;
  }
  invariant(false, for_fleet_only);
  return eventstore::fail(Error::Kind::refused, for_fleet_only);
}

Result<Verdict> FleetCommands::extend_pool(const ExtendPool& command, bool may_be_repeat,
                                           const std::string& reply_to) {
  const std::string subject = messages::pool_events(command.region);
  return decide_if_new<PoolLogged>(
      subject, cause_of(command), may_be_repeat, reply_to,
      [&](const Pool& pool) { return decide(pool, command, tools_.view.now(), tools_.catalogue); });
}

Result<Verdict> FleetCommands::change_region(const RegionCommand& command, bool may_be_repeat,
                                             const std::string& reply_to) {
  const auto applied_through = tools_.view.clock().deadlines_applied_through;
  auto verdict = decide_if_new<RegionLogged>(
      messages::region_events(command.region), cause_of(command), may_be_repeat, reply_to,
      [&](const RegionState& region) {
        return decide(region, command, tools_.view.now(), tools_.catalogue, applied_through);
      });
  if (verdict) {
    tools_.view.catch_up();  // what this worker keeps the time by
  }
  return verdict;
}

Result<Verdict> FleetCommands::move_clock(const ClockCommand& command, bool may_be_repeat,
                                          const std::string& reply_to) {
  const std::string subject(messages::clock_subject);
  auto verdict = decide_if_new<ClockLogged>(
      subject, cause_of(command), may_be_repeat, reply_to,
      [&](const SimClock& clock) { return decide(clock, command, tools_.view.wall()); });
  if (verdict) {
    tools_.view.catch_up();  // what this worker decides next is decided at the new time
  }
  return verdict;
}

Result<Verdict> FleetCommands::change_faults(const FaultsCommand& command, bool may_be_repeat,
                                             const std::string& reply_to) {
  return decide_if_new<FaultsLogged>(std::string(messages::faults_subject), cause_of(command),
                                     may_be_repeat, reply_to, [&](const DoorFaults& faults) {
                                       return decide(faults, command, tools_.view.now(),
                                                     tools_.view.seed());
                                     });
}

Result<Verdict> FleetCommands::change_warm_pool(const WarmPoolCommand& command, bool may_be_repeat,
                                                const std::string& reply_to) {
  return decide_if_new<WarmPoolLogged>(messages::warm_pool_events(command.pool), cause_of(command),
                                       may_be_repeat, reply_to, [&](const WarmPool& pool) {
                                         return decide(pool, command, tools_.view.now(),
                                                       tools_.catalogue);
                                       });
}

template <typename Kind, typename Decide>
Result<Verdict> FleetCommands::decide_if_new(const std::string& subject, const Cause& command,
                                             bool may_be_repeat, const std::string& reply_to,
                                             const Decide& decide) {
  using Decided = SubjectDecision<decltype(Kind::event), Verdict>;
  const auto decide_once = [&](const HeadOf<Kind>& head) -> Result<Decided> {
    if (auto started = check_started(head); !started) {
      return tl::unexpected(started.error());
    }
    const auto earlier = find_if_repeat(head.state.last_command, command, may_be_repeat, subject);
    if (!earlier) {
      return tl::unexpected(earlier.error());
    }
    if (*earlier) {
      return Decided{std::nullopt, AlreadyDecided{**earlier}};
    }
    return with_verdict(decide(head.state));
  };
  return decide_on<Kind>(tools_.store, subject, reply_to, decide_once);
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

Result<std::optional<Outcome>> FleetCommands::find_if_repeat(const std::optional<LastCommand>& last,
                                                             const Cause& command,
                                                             bool may_be_repeat,
                                                             const std::string& subject) {
  if (!may_be_repeat && !is_after_high(last, command.sequence)) {
    return std::optional<Outcome>();
  }
  return find_earlier(last, command, subject);
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
