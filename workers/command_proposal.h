#pragma once

// One server's command on its way into the log.

#include <optional>
#include <string>
#include <vector>

#include "domain/server.h"
#include "workers/address_finder.h"
#include "workers/decision_tools.h"
#include "workers/group_commit.h"

namespace vsim::workers {

class CommandProposal : public Proposal {
 public:
  /// How the command came: part of what decides whether its history is looked at.
  struct Delivery {
    std::string reply_to;        // may be empty
    bool may_be_repeat = false;  // an earlier copy may be in the log
    bool came_before = false;    // this one was delivered before, and may have been decided
  };

  /// Tools and addresses outlive it.
  CommandProposal(DecisionTools& tools, AddressFinder& addresses, Command command,
                  Delivery delivery);
  ~CommandProposal() override;

  const ServerId& server() const override { return command_.server; }
  const Region& region() const override { return command_.region; }
  bool is_likely_first() const override {
    return std::holds_alternative<Create>(command_.action) && !delivery_.may_be_repeat &&
           !delivery_.came_before;
  }
  eventstore::Result<void> prepare(const ServerHead& head, const RegionState& region) override;
  DecidedAppends decide(const ServerHead& head, const RegionState& region) override;
  void lost_against(const std::string& filter, eventstore::Sequence last) override;

  const Command& command() const { return command_; }
  /// Once it is done.
  const Verdict& verdict() const { return verdict_; }
  /// Once it is done: why it was not looked at, since its id was given to another command. Then the
  /// verdict is that one's.
  const std::optional<std::string>& misfit() const { return misfit_; }

 private:
  void on_done(eventstore::Sequence last) override;
  /// The last outcome of the command's id, which may be further back than the server's last one;
  /// looked for only where there may be one.
  eventstore::Result<std::optional<LastCommand>> past_outcome(const ServerHead& head);
  Context context(const RegionState& region) const;
  eventstore::Append claim() const;
  void add_claim(const ServerHead& head, DecidedAppends& appends) const;
  void release_address();

  DecisionTools& tools_;
  AddressFinder& addresses_;
  Command command_;
  Delivery delivery_;
  std::optional<Outcome> past_;  // the command has it already: there is nothing to decide
  std::optional<std::string> misfit_;
  std::optional<FreeAddress> address_;  // set aside in the view
  Instant decided_at_{};
  std::vector<Event> reaped_;  // by the last decision, which applied what was due first
  Verdict verdict_ = Stale{};
};

}  // namespace vsim::workers
