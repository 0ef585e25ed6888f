#include "api/log_side.h"

#include "api/answers.h"
#include "eventstore/find_last.h"
#include "ops/process/server_of_log.h"
#include "ops/telemetry/log.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

/// What a command in the queue asks for: one of each kind.
struct Describe {
  WaitingCommand operator()(const Command& command) const {
    auto waiting = in_region(command, command.region);
    waiting.server = command.server;
    if (const auto* create = std::get_if<Create>(&command.action)) {
      waiting.create = *create;
    }
    return waiting;
  }
  WaitingCommand operator()(const ExtendPool& command) const {
    return in_region(command, command.region);
  }
  WaitingCommand operator()(const RegionCommand& command) const {
    return in_region(command, command.region);
  }
  WaitingCommand operator()(const ClockCommand& command) const {
    return in_region(command, Region{std::string(messages::clock_region)});
  }
  WaitingCommand operator()(const FaultsCommand& command) const {
    return in_region(command, Region{std::string(messages::faults_region)});
  }
  WaitingCommand operator()(const WarmPoolCommand& command) const {
    auto waiting = in_region(command, Region{messages::warm_pool_region(command.pool)});
    waiting.origin.account = beside_owner(command.pool.account, default_account);
    return waiting;
  }

 private:
  template <typename AnyCommand>
  static WaitingCommand in_region(const AnyCommand& command, const Region& region) {
    WaitingCommand waiting;
    waiting.id = command.id;
    waiting.sequence = command.sequence;
    waiting.request_hash = command.request_hash;
    waiting.origin = command.origin;
    waiting.type = command_type(command);
    waiting.region = region;
    return waiting;
  }
};

WaitingCommand describe(const messages::DecodedCommand& decoded) {
  return std::visit(Describe{}, decoded.command);
}

}  // namespace

std::string_view account_of_create(const WaitingCommand& create) {
  return create.origin.account.empty() ? default_account : std::string_view(create.origin.account);
}

http::Problem problem_of(const eventstore::Error& error) {
  log::warn("the broker gave no answer", {{"error", error.detail}});
  return unavailable("the log (NATS) cannot be reached; try again");
}

Reply<std::optional<WaitingCommand>> LogSide::find_waiting(const std::string& subject) const {
  const auto message = commands_.find_waiting(subject);
  if (!message) {
    return tl::unexpected(problem_of(message.error()));
  }
  if (!*message) {
    return std::optional<WaitingCommand>();
  }
  const auto decoded = messages::decode_command(**message);
  if (!decoded) {
    return std::optional<WaitingCommand>();  // the worker will take it out
  }
  return std::optional(describe(*decoded));
}

Reply<std::optional<WaitingCommand>> LogSide::waiting_at(StreamSequence sequence) const {
  const auto message = queue_.load(sequence);
  if (!message) {
    return tl::unexpected(problem_of(message.error()));
  }
  if (!*message) {
    return std::optional<WaitingCommand>();
  }
  const auto decoded = messages::decode_command(**message);
  return decoded ? std::optional(describe(*decoded)) : std::nullopt;
}

Reply<std::optional<WaitingCommand>> LogSide::search_waiting(const CommandId& id) const {
  const auto queued = queue_.load_history(std::string(messages::command_prefix) + ">");
  if (!queued) {
    return tl::unexpected(problem_of(queued.error()));
  }
  for (const auto& message : *queued) {
    const auto decoded = messages::decode_command(message);
    if (decoded && describe(*decoded).id == id) {
      return std::optional(describe(*decoded));
    }
  }
  return std::optional<WaitingCommand>();
}

Reply<StreamedServer> LogSide::find_server(const ServerId& id, const Scope& scope) const {
  // The queue first: a command leaves it only when its outcome stands in the log.
  auto waiting = find_waiting(messages::any_command_of(id));
  if (!waiting) {
    return tl::unexpected(waiting.error());
  }
  auto logged = find_logged(id);
  if (!logged) {
    return tl::unexpected(logged.error());
  }
  StreamedServer found;
  if (*logged) {
    if (scope.sees((*logged)->account)) {
      found.logged = std::move(**logged);
    }
  } else if (*waiting && (*waiting)->create && scope.sees(account_of_create(**waiting))) {
    found.queued_create = std::move(**waiting);
  }
  return found;
}

/// The server as its last event says.
Reply<std::optional<read_model::ServerRow>> LogSide::find_logged(const ServerId& id) const {
  const std::string subject = messages::any_events_of(id);
  const auto last = events_.load_last({&subject, 1});
  if (!last) {
    return tl::unexpected(problem_of(last.error()));
  }
  if (last->empty()) {
    return std::optional<read_model::ServerRow>();
  }
  const auto event = messages::decode_event(last->front());
  const auto* server = event ? std::get_if<messages::ServerLogged>(&*event) : nullptr;
  if (server == nullptr || !server->state.server) {
    return std::optional<read_model::ServerRow>();  // only rejections: there is no server
  }
  return std::optional(read_model::server_row(id, server->state));
}

Reply<std::optional<LoggedOutcome>> LogSide::find_outcome(const std::string& subject,
                                                          const CommandId& command) const {
  const auto history = events_.load_history(subject);
  if (!history) {
    return tl::unexpected(problem_of(history.error()));
  }
  std::optional<LoggedOutcome> found;
  for (const auto& message : *history) {
    const auto event = messages::decode_event(message);
    const auto given = event ? messages::outcome_in(*event) : std::nullopt;
    if (given && given->cause.command == command) {
      found = LoggedOutcome{given->outcome.kind, given->cause.sequence, message.sequence};
    }
  }
  return found;
}

Reply<std::optional<LoggedAt>> LogSide::search_outcome(StreamSequence after, StreamSequence last,
                                                       const CommandId& command) const {
  const std::string servers = std::string(messages::server_event_prefix) + ">";
  for (std::uint64_t i = 0; i < outcomes_searched_max; ++i) {
    const auto message = events_.load_next(servers, after + 1);
    if (!message) {
      return tl::unexpected(problem_of(message.error()));
    }
    if (!*message || (*message)->sequence > last) {
      return std::optional<LoggedAt>();
    }
    after = (*message)->sequence;
    const auto event = messages::decode_event(**message);
    const auto* logged = event ? std::get_if<messages::ServerLogged>(&*event) : nullptr;
    if (logged != nullptr && logged->event.cause && logged->event.cause->command == command) {
      return LoggedAt{logged->event.server, logged->state.region};
    }
  }
  return tl::unexpected(unavailable("the read models are behind; try again", 5));
}

Reply<std::optional<read_model::ServerRow>> LogSide::find_server_at(const ServerId& id,
                                                                    Instant at) const {
  auto server = process::server_at(events_, id, at);
  if (!server) {
    return tl::unexpected(problem_of(server.error()));
  }
  return std::move(*server);
}

Reply<std::map<std::string, std::uint64_t>> LogSide::pool_sizes_at(Instant at) const {
  const auto history = events_.load_history(std::string(messages::pool_prefix) + ">");
  if (!history) {
    return tl::unexpected(problem_of(history.error()));
  }
  std::map<std::string, std::vector<AddressRange>> ranges;
  for (const auto& message : *history) {
    const auto event = messages::decode_event(message);
    const auto* pool = event ? std::get_if<messages::PoolLogged>(&*event) : nullptr;
    const auto* extended = pool ? std::get_if<PoolExtended>(&pool->event.data) : nullptr;
    if (extended != nullptr && pool->event.at <= at) {
      auto& known = ranges[pool->event.region.name];
      known.insert(known.end(), extended->ranges.begin(), extended->ranges.end());
    }
  }
  std::map<std::string, std::uint64_t> sizes;
  for (auto& [region, known] : ranges) {
    sizes[region] = addresses_in(std::move(known));
  }
  return sizes;
}

Reply<DoorFaults> LogSide::faults_at(Instant at) const {
  const auto read = [](const eventstore::Message& message) -> std::optional<DoorFaults> {
    const auto event = messages::decode_event(message);
    const auto* faults = event ? std::get_if<messages::FaultsLogged>(&*event) : nullptr;
    return faults != nullptr ? std::optional(faults->state) : std::nullopt;
  };
  const auto last = eventstore::find_last(events_, std::string(messages::faults_subject),
                                          [&](const eventstore::Message& message) {
                                            const auto faults = read(message);
                                            return faults && faults->at <= at;
                                          });
  if (!last) {
    return tl::unexpected(problem_of(last.error()));
  }
  return *last ? read(**last).value_or(DoorFaults{}) : DoorFaults{};
}

Reply<std::optional<eventstore::Message>> LogSide::event_at(StreamSequence sequence) const {
  auto message = events_.load(sequence);
  if (!message) {
    return tl::unexpected(problem_of(message.error()));
  }
  return std::move(*message);
}

}  // namespace vsim::api
