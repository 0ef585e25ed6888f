#pragma once

// What the commands of all aggregates have in common. An aggregate's command is a CommandHead with
// the members that only it has; `command_type(command)` names it.

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "domain/warm_place.h"

namespace vsim {

/// Who asked, and in which request: carried from the command into its event. Of these only the
/// account is decided on.
struct Origin {
  std::string actor;           // a key's name, or "api", "nats", "timekeeper"
  std::string correlation_id;  // the HTTP request's id; may be empty
  /// In whose name. Of a command: empty where it names none, as an operator's. Of an event: only
  /// where it is not the account of the server, or without a server not the default one. D94
  std::string account = {};
  bool operator==(const Origin&) const = default;
};

struct CommandHead {
  CommandId id;
  StreamSequence sequence = 0;  // its place in COMMANDS: a later command has a higher one
  std::string request_hash;     // of method, path and body; tells a repeat from a misused key
  Origin origin;
};

/// The command that an event is the outcome of. Events of time have none.
struct Cause {
  CommandId command;
  StreamSequence sequence = 0;
  std::string request_hash;
  std::string type = {};  // "stop", "extend_pool": what was asked for, also where it was refused
  bool operator==(const Cause&) const = default;
};

/// A command as far as an outcome names it: all that is left of one whose payload is gone.
struct CommandSummary {
  std::optional<Region> region;    // none: the clock's
  std::optional<ServerId> server;  // of a server's
  Cause cause;
  Origin origin;
  std::optional<WarmPoolId> warm_pool = {};  // of a warm pool's
  bool operator==(const CommandSummary&) const = default;
};

/// The cause that a command's outcome bears.
template <typename Command>
Cause cause_of(const Command& command) {
  return {.command = command.id,
          .sequence = command.sequence,
          .request_hash = command.request_hash,
          .type = std::string(command_type(command))};
}

}  // namespace vsim
