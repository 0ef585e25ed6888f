#pragma once

// Table `server_events`: every event of every server, as its log shows it.

#include <optional>
#include <string>
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

/// Newest first: those with a version below `before` (0: from the newest).
std::vector<ServerEventRow> list_server_events(Transaction& tx, const ServerId& id,
                                               std::uint32_t limit, Version before);

}  // namespace vsim::read_model
