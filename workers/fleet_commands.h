#pragma once

// Commands for what a whole fleet shares: a region's address pool, and the clock. Each of them has
// one subject, whose last event says all that a decision needs.

#include <optional>
#include <string>

#include "eventstore/event_store.h"
#include "schema/messages/command_codec.h"
#include "workers/command_proposal.h"

namespace vsim::workers {

/// Thread-safe as its tools are.
class FleetCommands {
 public:
  /// The tools outlive it.
  explicit FleetCommands(DecisionTools& tools) : tools_(tools) {}

  /// Loads the last event, decides, and appends under its sequence; again when somebody else was
  /// faster. Only what has succeeded has left an event, which bears `reply_to`. A rejection leaves
  /// none: such a command can never be carried out as it is. When the clock was moved, the view
  /// knows it on return. Not for commands to single servers. Blocks for as long as the log takes.
  eventstore::Result<Verdict> carry_out(const messages::DecodedCommand& command);

 private:
  eventstore::Result<Verdict> try_once(const messages::DecodedCommand& command);
  eventstore::Result<Verdict> extend_pool(const ExtendPool& command, const std::string& reply_to);
  eventstore::Result<Verdict> move_clock(const ClockCommand& command, bool may_be_repeat,
                                         const std::string& reply_to);
  /// Whether the whole history of the clock holds the command's event.
  eventstore::Result<bool> has_moved_clock(const CommandId& command);
  eventstore::Result<std::optional<eventstore::Message>> load_last(const std::string& subject);
  eventstore::Result<void> append(eventstore::Append event, eventstore::Sequence last,
                                  const std::string& reply_to);

  DecisionTools& tools_;
};

}  // namespace vsim::workers
