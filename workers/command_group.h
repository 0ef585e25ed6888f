#pragma once

// Commands to servers that are decided together.

#include <memory>
#include <optional>
#include <vector>

#include "eventstore/command_queue.h"
#include "schema/messages/command_codec.h"
#include "workers/address_finder.h"
#include "workers/command_proposal.h"
#include "workers/decision_tools.h"
#include "workers/group_commit.h"

namespace vsim::workers {

/// A command in hand, as it can be read.
struct CommandInHand {
  eventstore::Delivery delivery;
  messages::DecodedCommand decoded;
};

/// Its steps are load(), decide() and append(), again and again until all is in the log. A step
/// does nothing after one that has failed, until start_anew(). Used by one thread.
class CommandGroup {
 public:
  struct Member {
    CommandInHand command;
    std::unique_ptr<CommandProposal> proposal;
  };

  /// Each command is to a server, and no two to the same. The tools outlive it.
  CommandGroup(DecisionTools& tools, std::vector<CommandInHand> commands);
  CommandGroup(const CommandGroup&) = delete;
  CommandGroup& operator=(const CommandGroup&) = delete;

  /// The last events of the servers, and what else the decisions need, such as free addresses.
  void load();
  /// Each command on what was loaded.
  void decide();
  /// What was decided. Commands whose server had another event meanwhile have to be loaded again.
  void append();

  /// Whether all commands have their outcome in the log.
  bool is_done() const;
  /// Why the last step failed; nothing where it did not.
  const std::optional<eventstore::Error>& error() const { return error_; }
  /// Lets the steps begin anew, with the commands that have no outcome yet.
  void start_anew();

  std::vector<Member>& members() { return members_; }

 private:
  void keep(const eventstore::Result<void>& result);

  DecisionTools& tools_;
  AddressFinder addresses_;
  std::vector<Member> members_;
  eventstore::Timestamp stored_by_{};  // the queue's stamp of the newest
  std::optional<GroupCommit> commit_;  // none before the first load()
  std::optional<eventstore::Error> error_;
};

}  // namespace vsim::workers
