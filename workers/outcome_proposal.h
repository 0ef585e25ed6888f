#pragma once

// An outcome that the server itself does not give, on its way into the log: the command was purged,
// or is a dead letter. The first outcome in the log stands (D2): a command that has one keeps it.

#include <optional>
#include <string>
#include <vector>

#include "workers/decision_tools.h"
#include "workers/group_commit.h"

namespace vsim::workers {

class OutcomeProposal : public Proposal {
 public:
  /// The command is a server's. The tools outlive it. `reply_to` may be empty.
  OutcomeProposal(DecisionTools& tools, CommandSummary command, NoChange outcome,
                  std::string reply_to);

  const ServerId& server() const override { return *command_.server; }
  const Region& region() const override { return *command_.region; }
  eventstore::Result<void> prepare(const ServerHead& head, const RegionState& region) override;
  DecidedAppends decide(const ServerHead& head, const RegionState& region) override;

  const CommandSummary& command() const { return command_; }

  /// Once it is done: the outcome that the command had before; nothing when it has this one now.
  const std::optional<Outcome>& earlier() const { return earlier_; }

 private:
  void on_done(eventstore::Sequence last) override;
  eventstore::Result<std::optional<Outcome>> find_earlier(const ServerHead& head);

  DecisionTools& tools_;
  CommandSummary command_;
  NoChange outcome_;
  std::string reply_to_;
  std::optional<Outcome> earlier_;
  std::vector<Event> reaped_;  // by the last decision, which applied what was due first
};

}  // namespace vsim::workers
