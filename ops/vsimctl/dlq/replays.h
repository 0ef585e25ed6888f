#pragma once

// Puts commands back into the queue: dead letters, and what was purged. A replay keeps the
// command's id, so that it takes effect once, and gets a message id that was never used before,
// since the broker drops a known one without an error. D15

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/command_queue.h"
#include "ops/vsimctl/commands/outcomes.h"
#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

struct Replay {
  std::optional<CommandId> id;  // none: it cannot be read, and will not become a command
  std::string type;             // "stop"; empty where it cannot be read
  std::string unreadable;       // why not
  std::string complaint;        // DecodedCommand::complaint
  std::string unreadable_id;    // the id of what cannot be read; no UUID where it was given none
  std::string subject;
  std::string payload;
  eventstore::Headers headers;  // those of the command, its id among them; no message id
};

/// The replay of a message that was once stored in COMMANDS.
Replay replay_of(const eventstore::Message& original);

/// Publishes it. The error is one line for the operator: nothing was stored.
tl::expected<eventstore::Sequence, std::string> put_back(const process::CommonSettings& settings,
                                                         Log& log, const Replay& replay);

/// How a run of replays ended.
struct ReplayReport {
  std::size_t done = 0;       // put back, and decided
  std::size_t left = 0;       // not put back
  std::size_t undecided = 0;  // put back, and still waiting in the queue
  std::string why;            // of the first that was left
};

/// Publishes all: those of one server in the order given, each after the outcome of the one before
/// it; different servers in parallel. Skips a command that has an outcome other than PURGED by now.
/// Gives up after `patience` without progress. Prints each outcome on stdout.
ReplayReport put_back_in_order(const process::CommonSettings& settings, Log& log,
                               std::vector<Replay> replays, std::chrono::milliseconds patience);

}  // namespace vsim::vsimctl
