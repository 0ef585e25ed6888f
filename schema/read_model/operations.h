#pragma once

// Table `operations`: what became of each command. Outcomes come from EVENTS; rows that are still
// PENDING come from JOURNAL and overwrite no outcome but one that left the command undone (PURGED,
// DEAD_LETTERED), while a later copy of it waits (D43).

#include <optional>
#include <string>
#include <vector>

#include "domain/server.h"
#include "schema/read_model/database.h"
#include "schema/read_model/servers.h"

namespace vsim::read_model {

struct OperationRow {
  std::string id;
  std::string type;  // "create", ...; "extend_pool"
  std::string region;
  std::string server_id;  // empty for pool commands
  std::string status;     // PENDING SUCCEEDED REJECTED DEAD_LETTERED PURGED
  std::string code;       // of a rejection
  std::string detail;
  std::string request_hash;
  std::string actor;
  std::string correlation_id;
  /// In whose name; where the command names none, whose the server is. Empty: PENDING, and neither
  /// is known.
  std::string account;
  StreamSequence command_sequence = 0;  // in COMMANDS
  StreamSequence pending_since = 0;     // there, while PENDING: of its first copy; else 0. Not read
  StreamSequence event_sequence = 0;    // in EVENTS; 0 while pending
  Version version = 0;                  // of the server's event that is the outcome
  std::optional<Instant> decided_at;    // simulated time of the outcome
};

/// The operation and, in the same snapshot, its server if that exists.
struct OperationWithServer {
  OperationRow operation;
  std::optional<ServerRow> server;
};

std::optional<OperationWithServer> find_operation(Transaction& tx, const CommandId& id);

/// How what a command began was over.
struct Settled {
  Instant at{};             // simulated time
  bool superseded = false;  // another command has ended the server before it had come to its end
};

/// When the server first stood in a state that lasts, from the operation's event on: RUNNING,
/// STOPPED, FAILED or TERMINATED; or when another command began to end it before that. Nothing
/// while neither has happened. What extends a lease begins nothing, and is over at once.
/// `operation` is a server's.
std::optional<Settled> find_settled(Transaction& tx, const OperationRow& operation);

/// The operation by which the server is TERMINATING or TERMINATED; nothing when none has done that.
std::optional<OperationWithServer> find_termination(Transaction& tx, const std::string& server_id);

struct OperationFilter {
  std::optional<std::string> account = {};
  std::optional<std::string> status = {};
  std::optional<std::string> server_id = {};
  std::optional<std::string> region = {};
};

/// Highest command sequence first; `before` is a command sequence (0: from the newest).
std::vector<OperationRow> list_operations(Transaction& tx, const OperationFilter& filter,
                                          std::uint32_t limit, StreamSequence before);

/// Operations without an outcome yet, the lowest command sequence first, beyond `after`.
std::vector<OperationRow> list_pending(Transaction& tx, StreamSequence after, std::size_t limit);

/// Outcomes of commands that were for no server (a pool, the clock), in the order of EVENTS; the
/// oldest `limit`.
std::vector<OperationRow> list_fleet_outcomes(Transaction& tx, std::size_t limit);

/// The highest place in COMMANDS below queue_numbers_counted that is known; 0: none.
StreamSequence newest_command(Transaction& tx);

/// Whether the command at this place of COMMANDS has an outcome that can be read.
bool command_is_decided(Transaction& tx, StreamSequence command_sequence);

}  // namespace vsim::read_model
