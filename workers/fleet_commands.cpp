#include "workers/fleet_commands.h"

#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"

namespace vsim::workers {

using eventstore::Append;
using eventstore::Error;
using eventstore::Result;
using eventstore::Sequence;

namespace {

constexpr int attempts_max = 100;

std::string ends_unreadably(const std::string& subject) {
  return subject + " ends with an event that this build cannot read";
}

// Tries until nobody else was faster.
template <typename Try>
auto until_settled(Try&& attempt) -> decltype(attempt()) {
  for (int i = 0; i < attempts_max; ++i) {
    auto result = attempt();
    if (result || !result.error().needs_another_look()) {
      return result;
    }
  }
  return eventstore::fail(Error::Kind::unavailable,
                          "the log moved faster than it could be decided on");
}

}  // namespace

Result<Verdict> FleetCommands::carry_out(const messages::DecodedCommand& command) {
  if (auto ok = tools_.view.check_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  return until_settled([&] { return try_once(command); });
}

Result<std::optional<std::string>> FleetCommands::find_misfit(
    const messages::DecodedCommand& command) {
  if (!command.may_be_repeat) {
    return std::optional<std::string>();
  }
  const auto note = messages::note_of(command);
  const bool is_clock = std::holds_alternative<ClockCommand>(command.command);
  const auto subject =
      is_clock ? std::string(messages::clock_subject) : messages::pool_events(note.region);
  const auto past = find_past_outcome(tools_.store, subject, note.cause.command);
  if (!past) {
    return tl::unexpected(past.error());
  }
  return *past ? messages::find_misfit((*past)->cause, note.cause) : std::nullopt;
}

Result<std::optional<Outcome>> FleetCommands::give_outcome(const CommandNote& command,
                                                           const NoChange& outcome,
                                                           const std::string& reply_to) {
  if (auto ok = tools_.view.check_time(); !ok) {
    return tl::unexpected(ok.error());
  }
  return until_settled([&] { return try_to_give(command, outcome, reply_to); });
}

Result<Verdict> FleetCommands::try_once(const messages::DecodedCommand& command) {
  if (const auto* pool = std::get_if<ExtendPool>(&command.command)) {
    return extend_pool(*pool, command.reply_to);
  }
  return move_clock(std::get<ClockCommand>(command.command), command.may_be_repeat,
                    command.reply_to);
}

Result<Verdict> FleetCommands::extend_pool(const ExtendPool& command, const std::string& reply_to) {
  const auto last = load_pool(command.region);
  if (!last) {
    return tl::unexpected(last.error());
  }
  const auto decision = decide(last->state, command, tools_.view.now(), tools_.catalogue);
  if (!decision.event) {
    return decision.verdict;
  }
  const auto after = evolve(last->state, *decision.event);
  const auto ok = append({messages::pool_events(command.region),
                          messages::encode(*decision.event, after),
                          {},
                          std::nullopt},
                         last->sequence, reply_to);
  if (!ok) {
    return tl::unexpected(ok.error());
  }
  return decision.verdict;
}

Result<Verdict> FleetCommands::move_clock(const ClockCommand& command, bool may_be_repeat,
                                          const std::string& reply_to) {
  const std::string subject(messages::clock_subject);
  const auto clock = load_clock();
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  if (may_be_repeat || is_after_high(clock->state.last_command, command.sequence)) {
    const auto earlier = find_earlier(clock->state.last_command, note_of(command).cause, subject);
    if (!earlier) {
      return tl::unexpected(earlier.error());
    }
    if (*earlier) {
      return AlreadyDecided{**earlier};
    }
  }
  const auto decision = decide(clock->state, command, tools_.view.wall());
  if (!decision.event) {
    return decision.verdict;
  }
  const auto ok =
      append({subject, messages::encode(*decision.event, clock->state), {}, std::nullopt},
             clock->sequence, reply_to);
  if (!ok) {
    return tl::unexpected(ok.error());
  }
  tools_.view.catch_up();  // what this worker decides next is decided at the new time
  return decision.verdict;
}

Result<std::optional<Outcome>> FleetCommands::try_to_give(const CommandNote& command,
                                                          const NoChange& outcome,
                                                          const std::string& reply_to) {
  const bool is_clock = command.region.name.empty();
  const auto subject =
      is_clock ? std::string(messages::clock_subject) : messages::pool_events(command.region);
  const auto clock = is_clock ? load_clock() : Last<SimClock>{};
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  const auto pool = is_clock ? Last<Pool>{} : load_pool(command.region);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  const auto& last = is_clock ? clock->state.last_command : pool->state.last_command;
  auto earlier = find_earlier(last, command.cause, subject);
  if (!earlier || *earlier) {
    return earlier;
  }
  std::string payload;
  if (is_clock) {
    const auto event = decide_outcome(clock->state, command, outcome, tools_.view.wall());
    if (event) {
      payload = messages::encode(*event, clock->state);
    }
  } else {
    const auto event = decide_outcome(pool->state, command, outcome, tools_.view.now());
    if (event) {
      payload = messages::encode(*event, evolve(pool->state, *event));
    }
  }
  if (payload.empty()) {
    return last->outcome;
  }
  const auto ok = append({subject, std::move(payload), {}, std::nullopt},
                         is_clock ? clock->sequence : pool->sequence, reply_to);
  if (!ok) {
    return tl::unexpected(ok.error());
  }
  return std::optional<Outcome>();
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

Result<FleetCommands::Last<Pool>> FleetCommands::load_pool(const Region& region) {
  const auto subject = messages::pool_events(region);
  const auto found = tools_.store.load_last(std::span(&subject, 1));
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (found->empty()) {
    return Last<Pool>{};
  }
  const auto logged = messages::decode_event(found->front());
  const auto* pool = logged ? std::get_if<messages::PoolLogged>(&*logged) : nullptr;
  if (pool == nullptr) {
    return eventstore::fail(Error::Kind::refused, ends_unreadably(subject));
  }
  return Last<Pool>{pool->state, found->front().sequence};
}

Result<FleetCommands::Last<SimClock>> FleetCommands::load_clock() {
  const std::string subject(messages::clock_subject);
  const auto found = tools_.store.load_last(std::span(&subject, 1));
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (found->empty()) {
    return eventstore::fail(Error::Kind::unavailable, "the log has no clock yet");
  }
  const auto clock = messages::read_clock(found->front());
  if (!clock) {
    return eventstore::fail(Error::Kind::refused, ends_unreadably(subject));
  }
  return Last<SimClock>{*clock, found->front().sequence};
}

Result<void> FleetCommands::append(Append event, Sequence last, const std::string& reply_to) {
  event.expected = eventstore::Expectation{event.subject, last};
  if (!reply_to.empty()) {
    event.headers.push_back({std::string(messages::header::reply_to), reply_to});
  }
  const auto appended = tools_.store.append(std::span(&event, 1));
  if (!appended) {
    return tl::unexpected(appended.error());
  }
  return {};
}

}  // namespace vsim::workers
