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
  };

  /// Tools and addresses outlive it.
  CommandProposal(DecisionTools& tools, AddressFinder& addresses, Command command,
                  Delivery delivery);
  ~CommandProposal() override;

  const ServerId& server() const override { return command_.server; }
  bool is_likely_first() const override {
    return std::holds_alternative<Create>(command_.action) && !delivery_.may_be_repeat;
  }
  eventstore::Result<void> prepare(const ServerHead& head) override;
  std::vector<eventstore::Append> decide(const ServerHead& head) override;
  void lost_against(const std::string& filter, eventstore::Sequence last) override;

  const Command& command() const { return command_; }
  /// Once it is done.
  const Verdict& verdict() const { return verdict_; }
  /// Once it is done: why it was not looked at, since its id was given to another command. Then the
  /// verdict is that one's.
  const std::optional<std::string>& misfit() const { return misfit_; }

 private:
  void on_done(eventstore::Sequence first) override;
  /// The last outcome of the command's id, which may be further back than the server's last one;
  /// looked for only where there may be one.
  eventstore::Result<std::optional<LastCommand>> past_outcome(const ServerHead& head);
  Context context() const;
  eventstore::Append claim() const;
  void release_address();

  DecisionTools& tools_;
  AddressFinder& addresses_;
  Command command_;
  Delivery delivery_;
  std::optional<Outcome> past_;  // the command has it already: there is nothing to decide
  std::optional<std::string> misfit_;
  std::optional<FreeAddress> address_;  // set aside in the view
  std::size_t messages_ = 0;            // of the last decision
  Instant decided_at_{};
  std::vector<Event> reaped_;  // by the last decision, which applied what was due first
  Verdict verdict_ = Stale{};
};

/// Makes the view's time good enough to decide by: known, no earlier than any change of the clock
/// that was stored before the call, and no earlier than `stored_by`, the queue's stamp of the
/// newest command. So nobody who has moved the clock has a later command decided in the past by a
/// worker whose view lags, and what lies before the oldest command in the queue is final (D40).
eventstore::Result<void> update_time(DecisionTools& tools, WallTime stored_by = {});

/// update_time(), then commit().
eventstore::Result<void> commit_commands(DecisionTools& tools, std::span<Proposal* const> group,
                                         WallTime stored_by = {});

}  // namespace vsim::workers
