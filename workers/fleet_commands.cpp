#include "workers/fleet_commands.h"

#include <algorithm>

#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {

using eventstore::Append;
using eventstore::Error;
using eventstore::Message;
using eventstore::Result;
using eventstore::Sequence;

namespace {

constexpr int attempts_max = 100;

std::string ends_unreadably(const std::string& subject) {
  return subject + " ends with an event that this build cannot read";
}

}  // namespace

Result<Verdict> FleetCommands::carry_out(const messages::DecodedCommand& command) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto verdict = try_once(command);
    if (verdict || !verdict.error().needs_another_look()) return verdict;
  }
  return eventstore::fail(Error::Kind::unavailable,
                          "the log moved faster than it could be decided on");
}

Result<Verdict> FleetCommands::try_once(const messages::DecodedCommand& command) {
  if (const auto* pool = std::get_if<ExtendPool>(&command.command)) {
    return extend_pool(*pool, command.reply_to);
  }
  return move_clock(std::get<ClockCommand>(command.command), command.may_be_repeat,
                    command.reply_to);
}

Result<Verdict> FleetCommands::extend_pool(const ExtendPool& command, const std::string& reply_to) {
  if (!tools_.catalogue.regions.contains(command.region)) {
    return Rejection{RejectionCode::unknown_region, "there is no region " + command.region.name};
  }
  const auto subject = messages::pool_events(command.region);
  const auto found = load_last(subject);
  if (!found) return tl::unexpected(found.error());
  std::optional<PoolExtended> last;
  if (*found) {
    const auto logged = messages::decode_event(**found);
    const auto* event = logged ? std::get_if<PoolExtended>(&*logged) : nullptr;
    if (event == nullptr) return eventstore::fail(Error::Kind::refused, ends_unreadably(subject));
    last = *event;
  }
  const auto decision = decide(last, command, tools_.view.now());
  if (!decision.event) return decision.verdict;
  const auto ok = append({subject, messages::encode(*decision.event), {}, std::nullopt},
                         *found ? (*found)->sequence : 0, reply_to);
  if (!ok) return tl::unexpected(ok.error());
  return decision.verdict;
}

Result<Verdict> FleetCommands::move_clock(const ClockCommand& command, bool may_be_repeat,
                                          const std::string& reply_to) {
  const std::string subject(messages::clock_subject);
  const auto found = load_last(subject);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return eventstore::fail(Error::Kind::unavailable, "the log has no clock yet");
  const auto clock = messages::read_clock(**found);
  if (!clock) return eventstore::fail(Error::Kind::refused, ends_unreadably(subject));
  const bool is_last = clock->last_command && clock->last_command->command == command.id;
  if (may_be_repeat && clock->last_command && !is_last) {
    const auto moved = has_moved_clock(command.id);
    if (!moved) return tl::unexpected(moved.error());
    if (*moved) return AlreadyDecided{{OutcomeKind::succeeded, std::nullopt}};
  }
  const auto decision = decide(*clock, command, tools_.view.wall());
  if (!decision.event) return decision.verdict;
  const auto ok = append({subject, messages::encode(*decision.event, *clock), {}, std::nullopt},
                         (*found)->sequence, reply_to);
  if (!ok) return tl::unexpected(ok.error());
  tools_.view.catch_up();  // what this worker decides next is decided at the new time
  return decision.verdict;
}

Result<bool> FleetCommands::has_moved_clock(const CommandId& command) {
  const auto history = tools_.store.load_history(std::string(messages::clock_subject));
  if (!history) return tl::unexpected(history.error());
  return std::any_of(history->begin(), history->end(), [&](const Message& message) {
    const auto logged = messages::decode_event(message);
    const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
    return cause != nullptr && cause->command == command;
  });
}

Result<std::optional<Message>> FleetCommands::load_last(const std::string& subject) {
  auto found = tools_.store.load_last(std::span(&subject, 1));
  if (!found) return tl::unexpected(found.error());
  if (found->empty()) return std::optional<Message>();
  return std::optional<Message>(std::move(found->front()));
}

Result<void> FleetCommands::append(Append event, Sequence last, const std::string& reply_to) {
  event.expected = eventstore::Expectation{event.subject, last};
  if (!reply_to.empty()) {
    event.headers.push_back({std::string(messages::header::reply_to), reply_to});
  }
  const auto appended = tools_.store.append(std::span(&event, 1));
  if (!appended) return tl::unexpected(appended.error());
  return {};
}

}  // namespace vsim::workers
