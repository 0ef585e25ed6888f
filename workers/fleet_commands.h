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
  /// faster. The outcome's event bears `reply_to`. When the clock was moved, the view knows it on
  /// return. Not for commands to single servers. Blocks for as long as the log takes.
  eventstore::Result<Verdict> carry_out(const messages::DecodedCommand& command);

  /// Why the command is not what its id was given to, by an outcome that the id has in the log;
  /// nothing when it is, or is the first of its id by its own word. Not for single servers.
  eventstore::Result<std::optional<std::string>> find_misfit(
      const messages::DecodedCommand& command);

  /// Brings an outcome into the log that others give: to the region's pool, or to the
  /// clock where none is named. Gives the outcome that the command had before, if it had one.
  eventstore::Result<std::optional<Outcome>> give_outcome(const CommandNote& command,
                                                          const NoChange& outcome,
                                                          const std::string& reply_to);

 private:
  /// A subject's last event; its sequence is 0 where there is none.
  template <typename State>
  struct Last {
    State state;
    eventstore::Sequence sequence = 0;
  };
  eventstore::Result<Last<Pool>> load_pool(const Region& region);
  eventstore::Result<Last<SimClock>> load_clock();

  eventstore::Result<Verdict> try_once(const messages::DecodedCommand& command);
  eventstore::Result<Verdict> extend_pool(const ExtendPool& command, const std::string& reply_to);
  eventstore::Result<Verdict> move_clock(const ClockCommand& command, bool may_be_repeat,
                                         const std::string& reply_to);
  eventstore::Result<std::optional<Outcome>> try_to_give(const CommandNote& command,
                                                         const NoChange& outcome,
                                                         const std::string& reply_to);
  /// The outcome that stands for the command, the last one or one further back.
  eventstore::Result<std::optional<Outcome>> find_earlier(const std::optional<LastCommand>& last,
                                                          const Cause& command,
                                                          const std::string& subject);
  eventstore::Result<void> append(eventstore::Append event, eventstore::Sequence last,
                                  const std::string& reply_to);

  DecisionTools& tools_;
};

}  // namespace vsim::workers
