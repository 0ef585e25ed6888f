#pragma once

// What the streams know of a server or a command that the read models do not hold yet. Single reads
// by subject; no stream is followed.

#include <map>
#include <optional>
#include <string>

#include "api/read_side.h"
#include "domain/door_faults.h"
#include "eventstore/command_queue.h"
#include "eventstore/event_store.h"
#include "schema/read_model/servers.h"

namespace vsim::api {

/// A command that waits in the queue.
struct WaitingCommand {
  CommandId id;
  StreamSequence sequence = 0;
  std::string request_hash;
  Origin origin;
  std::string type;  // "create"; "extend_pool"
  Region region;
  std::optional<ServerId> server;  // of all but pool commands
  std::optional<Create> create;    // of a create
};

/// Commands of a queue that may be searched as a whole.
inline constexpr std::uint64_t queue_searched_max = 5000;
/// Events of servers that are looked at, where the read models are behind.
inline constexpr std::uint64_t outcomes_searched_max = 1000;

/// Whose the server of a create will be.
std::string_view account_of_create(const WaitingCommand& create);

/// A server as the streams know it: in the log, or its create in the queue, or not at all.
struct StreamedServer {
  std::optional<read_model::ServerRow> logged;
  std::optional<WaitingCommand> queued_create;  // only when nothing is logged
};

/// An outcome of a command, as it stands in EVENTS.
struct LoggedOutcome {
  OutcomeKind kind{};
  StreamSequence command_sequence = 0;  // of the delivery that it was given to, in COMMANDS
  StreamSequence event_sequence = 0;    // in EVENTS
};

/// Where a command of a server has its outcome.
struct LoggedAt {
  ServerId server;
  Region region;
};

/// Any thread.
class LogSide {
 public:
  /// All outlive it. `queue` is COMMANDS, read as a log.
  LogSide(eventstore::CommandPublisher& commands, eventstore::EventStore& queue,
          eventstore::EventStore& events)
      : commands_(commands), queue_(queue), events_(events) {}

  /// The command under a subject of COMMANDS, which may hold wildcards; nothing for one that cannot
  /// be decoded.
  Reply<std::optional<WaitingCommand>> find_waiting(const std::string& subject) const;

  /// The command at that place of COMMANDS, if it waits there still.
  Reply<std::optional<WaitingCommand>> waiting_at(StreamSequence sequence) const;

  /// The command of that id, wherever it waits. Reads the whole queue: for one of
  /// queue_searched_max at most.
  Reply<std::optional<WaitingCommand>> search_waiting(const CommandId& id) const;

  /// A server that the read models do not know yet; not known at all where it is out of the scope.
  Reply<StreamedServer> find_server(const ServerId& id, const Scope& scope) const;

  /// The server as it was at that instant of simulated time; nothing when it did not exist.
  Reply<std::optional<read_model::ServerRow>> find_server_at(const ServerId& id, Instant at) const;

  /// How many addresses each region's pool had at that instant. Reads the pools' history, which is
  /// short.
  Reply<std::map<std::string, std::uint64_t>> pool_sizes_at(Instant at) const;

  /// The door's faults as they were at that instant; no rules before the first.
  Reply<DoorFaults> faults_at(Instant at) const;

  /// The last outcome of the command under the subject of EVENTS: one that was purged and sent
  /// again has more than one. Reads the history.
  Reply<std::optional<LoggedOutcome>> find_outcome(const std::string& subject,
                                                   const CommandId& command) const;

  /// The outcome of a server's command between these places of EVENTS, which takes a request for
  /// each event; at most outcomes_searched_max are looked at: a problem where there are more.
  Reply<std::optional<LoggedAt>> search_outcome(StreamSequence after, StreamSequence last,
                                                const CommandId& command) const;

  /// The message at this place of EVENTS; nothing when the log ends before it.
  Reply<std::optional<eventstore::Message>> event_at(StreamSequence sequence) const;

 private:
  Reply<std::optional<read_model::ServerRow>> find_logged(const ServerId& id) const;

  eventstore::CommandPublisher& commands_;
  eventstore::EventStore& queue_;
  eventstore::EventStore& events_;
};

/// The problem document of a broker that gave no answer.
http::Problem problem_of(const eventstore::Error& error);

}  // namespace vsim::api
