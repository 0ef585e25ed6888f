#include "ops/vsimctl/commands/outcomes.h"

#include <thread>

#include "eventstore/direct_get.h"
#include "schema/messages/command_target.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using eventstore::Result;

/// `data` of a server's, a pool's or the clock's event.
template <typename Data>
CommandOutcome command_outcome_of(const Data& data) {
  const auto named = [](OutcomeKind kind, const std::string& why) {
    return CommandOutcome{.kind = kind,
                          .text = std::string(to_string(kind)) + (why.empty() ? "" : ": " + why)};
  };
  if (const auto* rejected = std::get_if<CommandRejected>(&data)) {
    return named(OutcomeKind::rejected, rejected->rejection.detail);
  }
  if (std::holds_alternative<CommandPurged>(data)) {
    return named(OutcomeKind::purged, "");
  }
  if (const auto* dead = std::get_if<CommandDeadLettered>(&data)) {
    return named(OutcomeKind::dead_lettered, dead->reason);
  }
  return named(OutcomeKind::succeeded, "");
}

/// One event of each kind.
struct ReadCommandOutcome {
  CommandOutcome operator()(const messages::ServerLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  CommandOutcome operator()(const messages::PoolLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  CommandOutcome operator()(const messages::RegionLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  CommandOutcome operator()(const messages::ClockLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  CommandOutcome operator()(const messages::FaultsLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  CommandOutcome operator()(const messages::WarmPoolLogged& logged) const {
    return command_outcome_of(logged.event.data);
  }
  // No command has these as its outcome.
  CommandOutcome operator()(const AddressClaimed&) const { return {}; }
  CommandOutcome operator()(const BillingWatermark&) const { return {}; }
  CommandOutcome operator()(const messages::UnknownEvent&) const { return {}; }
};

/// What the event says of the command, if it is the outcome of this one.
std::optional<CommandOutcome> command_outcome_in(const eventstore::Message& message,
                                                 const CommandId& id) {
  const auto logged = messages::decode_event(message);
  if (!logged) {
    return std::nullopt;
  }
  const Cause* cause = messages::cause_of(*logged);
  if (cause == nullptr || cause->command != id) {
    return std::nullopt;
  }
  CommandOutcome outcome = std::visit(ReadCommandOutcome{}, *logged);
  outcome.event = message.sequence;
  outcome.command = cause->sequence;
  return outcome;
}

}  // namespace

std::string outcomes_filter(const std::string& command_subject) {
  const auto target = messages::parse_command_subject(command_subject);
  return target ? messages::outcomes_of(*target) : std::string();
}

Result<std::optional<CommandOutcome>> find_outcome(eventstore::EventStore& events,
                                                   const std::string& command_subject,
                                                   const CommandId& id) {
  const auto filter = outcomes_filter(command_subject);
  if (filter.empty()) {
    return std::optional<CommandOutcome>();
  }
  const auto history = events.load_history(filter);
  if (!history) {
    return tl::unexpected(history.error());
  }
  for (auto message = history->rbegin(); message != history->rend(); ++message) {
    if (auto outcome = command_outcome_in(*message, id)) {
      return outcome;
    }
  }
  return std::optional<CommandOutcome>();
}

Result<std::optional<CommandOutcome>> await_outcome(Log& log, const std::string& command_subject,
                                                    const CommandId& id,
                                                    eventstore::Sequence sequence,
                                                    std::chrono::milliseconds patience) {
  using namespace std::chrono_literals;
  const auto give_up = std::chrono::steady_clock::now() + patience;
  const std::string commands(messages::commands_stream);
  while (true) {
    const auto waiting = eventstore::get_at(log.broker(), commands, sequence);
    if (!waiting) {
      return tl::unexpected(waiting.error());
    }
    if (!*waiting) {
      auto outcome = find_outcome(log.events(), command_subject, id);
      // A purge's verdict comes a while after the purge.
      if (!outcome || *outcome) {
        return outcome;
      }
    }
    if (std::chrono::steady_clock::now() >= give_up) {
      return std::optional<CommandOutcome>();
    }
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace vsim::vsimctl
