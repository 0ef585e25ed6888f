#pragma once

// One command on its way into the log.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/command_queue.h"
#include "workers/fleet_view.h"
#include "workers/group_commit.h"
#include "workers/reaped_servers.h"

namespace vsim::workers {

/// What every decision on commands looks at. Outlives them all.
struct DecisionTools {
  eventstore::EventStore& store;
  FleetView& view;
  const Catalogue& catalogue;
  ReapedServers& reaped;
};

/// Finds free addresses for one group of commands. Says "none" only after it has caught up with the
/// log and applied the region's overdue deadlines, once a group.
class AddressFinder {
 public:
  explicit AddressFinder(DecisionTools& tools) : tools_(tools) {}

  eventstore::Result<std::optional<FreeAddress>> find(const Region& region);

 private:
  eventstore::Result<void> make_sure(const Region& region);

  DecisionTools& tools_;
  std::set<Region> sure_;  // regions of which the view was brought up to date
};

class CommandProposal : public Proposal {
 public:
  CommandProposal(DecisionTools& tools, AddressFinder& addresses, Command command,
                  std::string reply_to, bool may_be_repeat);
  ~CommandProposal() override;

  const ServerId& server() const override { return command_.server; }
  bool is_likely_first() const override {
    return std::holds_alternative<Create>(command_.action) && !may_be_repeat_;
  }
  eventstore::Result<std::vector<eventstore::Append>> decide(const Head& head) override;
  void lost_against(const std::string& filter, eventstore::Sequence last) override;

  const Command& command() const { return command_; }
  const std::string& reply_to() const { return reply_to_; }
  const Verdict& verdict() const { return verdict_; }
  /// Once it is done: why it was not looked at, since its id was given to another command; empty
  /// where it was not. Then the verdict is that one's.
  const std::string& misfit() const { return misfit_; }

 private:
  void on_done(eventstore::Sequence first) override;
  /// The last outcome of the command's id, which may be further back than the server's last one;
  /// looked for only where there may be one.
  eventstore::Result<std::optional<LastCommand>> past_outcome(const Head& head);
  eventstore::Append claim() const;
  void give_address_back();

  DecisionTools& tools_;
  AddressFinder& addresses_;
  Command command_;
  std::string reply_to_;
  bool may_be_repeat_;
  std::optional<FreeAddress> address_;  // set aside in the view
  std::size_t messages_ = 0;            // of the last decision
  Instant decided_at_{};
  std::vector<Event> reaped_;  // by the last decision, which applied what was due first
  Verdict verdict_ = Stale{};
  std::string misfit_;
};

/// Brings commands into the log like commit(), at a time no earlier than any change of the clock
/// that was stored before the call: whoever has moved the clock and sends a command then must not
/// have it decided in the past, by a worker whose view lags. Nor at a time before `stored_by`, the
/// queue's stamp of the newest of them, however this process' clock goes: what lies before the
/// oldest command in the queue is final (D40).
eventstore::Result<void> commit_commands(DecisionTools& tools, std::span<Proposal* const> group,
                                         WallTime stored_by = {});

}  // namespace vsim::workers
