#pragma once

// Commands for what is no single server: a region's address pool, its incidents, the clock, the
// door's faults, and warm pools. Each of them has one subject, whose last event says all that a
// decision needs.

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

  /// Loads the last event, decides, and appends under its sequence; again when another writer was
  /// faster. The outcome's event bears the command's `reply_to`. When the clock was moved, the view
  /// knows it on return. A region's command is decided at no earlier time than it was stored in
  /// the queue (D40). Not for commands to single servers. Blocks for as long as the log takes.
  eventstore::Result<Verdict> carry_out(const messages::DecodedCommand& command,
                                        WallTime stored_at = {});

  /// Why the command is not what its id was given to, by an outcome that the id has in the log;
  /// nothing when it is, or says that it is the first of its id. Not for single servers.
  eventstore::Result<std::optional<std::string>> find_misfit(
      const messages::DecodedCommand& command);

  /// Appends an outcome that the subject itself does not give, such as `purged`: to the region's
  /// pool or to the region, or to a warm pool; where none is named, to the door's faults or the
  /// clock. Gives the
  /// outcome that the command had before, if it had one.
  eventstore::Result<std::optional<Outcome>> give_outcome(const CommandSummary& command,
                                                          const NoChange& outcome,
                                                          const std::string& reply_to);

 private:
  struct CarryOut;

  eventstore::Result<void> know_time();
  eventstore::Result<Verdict> extend_pool(const ExtendPool& command, bool may_be_repeat,
                                          const std::string& reply_to);
  eventstore::Result<Verdict> change_region(const RegionCommand& command, bool may_be_repeat,
                                            const std::string& reply_to);
  eventstore::Result<Verdict> move_clock(const ClockCommand& command, bool may_be_repeat,
                                         const std::string& reply_to);
  eventstore::Result<Verdict> change_faults(const FaultsCommand& command, bool may_be_repeat,
                                            const std::string& reply_to);
  eventstore::Result<Verdict> change_warm_pool(const WarmPoolCommand& command, bool may_be_repeat,
                                               const std::string& reply_to);
  /// Decides with `decide`. If the log already holds an outcome of the command, gives that instead.
  template <typename Kind, typename Decide>
  eventstore::Result<Verdict> decide_if_new(const std::string& subject, const Cause& command,
                                            bool may_be_repeat, const std::string& reply_to,
                                            const Decide& decide);
  /// On one of the subjects.
  template <typename Kind>
  eventstore::Result<std::optional<Outcome>> give_outcome_on(const std::string& subject,
                                                             const CommandSummary& command,
                                                             const NoChange& outcome,
                                                             const std::string& reply_to);
  /// The outcome that stands for a command of which an earlier copy may be in the log.
  eventstore::Result<std::optional<Outcome>> find_if_repeat(const std::optional<LastCommand>& last,
                                                            const Cause& command,
                                                            bool may_be_repeat,
                                                            const std::string& subject);
  /// The outcome that stands for the command, the last one or one further back.
  eventstore::Result<std::optional<Outcome>> find_earlier(const std::optional<LastCommand>& last,
                                                          const Cause& command,
                                                          const std::string& subject);

  DecisionTools& tools_;
};

}  // namespace vsim::workers
