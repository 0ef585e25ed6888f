#pragma once

// An outcome that somebody other than the server gives to a command, on its way into the log: that
// it was purged, or put with the dead letters. Whoever appends first wins (D2): a command that has
// an outcome keeps it.

#include <string>
#include <vector>

#include "workers/command_proposal.h"

namespace vsim::workers {

class OutcomeProposal : public Proposal {
 public:
  /// The tools outlive it. `reply_to` may be empty.
  OutcomeProposal(DecisionTools& tools, CommandNote command, EventData outcome,
                  std::string reply_to);

  const ServerId& server() const override { return command_.server; }
  eventstore::Result<std::vector<eventstore::Append>> decide(const Head& head) override;

  const CommandNote& command() const { return command_; }

  /// Once it is done: the outcome that the command had before; nothing when it has this one now.
  const std::optional<Outcome>& earlier() const { return earlier_; }

 private:
  void on_done(eventstore::Sequence first) override;
  eventstore::Result<std::optional<Outcome>> find_earlier(const Head& head);

  DecisionTools& tools_;
  CommandNote command_;
  EventData outcome_;
  std::string reply_to_;
  std::optional<Outcome> earlier_;
  std::vector<Event> reaped_;  // by the last decision, which applied what was due first
};

}  // namespace vsim::workers
