#pragma once

// Table `server_events`: every event of every server, as its log shows it.

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/server.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct ServerEventRow {
  Version version = 0;
  Instant at;
  std::string event;    // its type: "server_stopped"
  std::string message;  // a sentence for a person
  std::string actor;
  std::string command_id;      // empty for events of time
  std::string correlation_id;  // may be empty
  StreamSequence sequence = 0;
};

/// The sentence that stands in the log.
std::string event_message(const Event& event, const State& after);

/// Newest first: those with a version below `before` (0: from the newest). With an account: only of
/// a server of it, or of commands for none in its name.
DbResult<std::vector<ServerEventRow>> list_server_events(
    ConnectionPool& pool, const ServerId& id, std::uint32_t limit, Version before,
    const std::optional<std::string>& account = std::nullopt);

struct AnyServerEvent {
  ServerId server;
  ServerEventRow event;
};
/// Events of all servers, by server and version, behind that version of that one; from the first
/// where both are 0.
std::vector<AnyServerEvent> list_all_server_events(Transaction& tx, const ServerId& after,
                                                   Version version, std::uint32_t limit);

/// Where the last event of each of these servers stands in EVENTS; those without one are left out.
using NewestEvents = std::unordered_map<ServerId, StreamSequence>;
NewestEvents find_newest_events(Transaction& tx, std::span<const ServerId> servers);

}  // namespace vsim::read_model
