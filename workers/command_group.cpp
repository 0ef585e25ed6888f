#include "workers/command_group.h"

#include <algorithm>
#include <utility>

namespace vsim::workers {

CommandGroup::CommandGroup(DecisionTools& tools, std::vector<CommandInHand> commands)
    : tools_(tools), addresses_(tools) {
  for (auto& command : commands) {
    const auto& decoded = command.decoded;
    stored_by_ = std::max(stored_by_, command.delivery.message.stored_at);
    auto proposal = std::make_unique<CommandProposal>(
        tools_, addresses_, std::get<Command>(decoded.command),
        CommandProposal::Delivery{.reply_to = decoded.reply_to,
                                  .may_be_repeat = decoded.may_be_repeat || decoded.by_hand,
                                  .came_before = command.delivery.deliveries > 1});
    members_.push_back({std::move(command), std::move(proposal)});
  }
}

void CommandGroup::load() {
  if (error_) {
    return;
  }
  if (!commit_) {
    std::vector<Proposal*> open;
    for (const auto& member : members_) {
      if (!member.proposal->is_done()) {
        open.push_back(member.proposal.get());
      }
    }
    commit_.emplace(tools_, open, stored_by_);
  }
  keep(commit_->load());
}

void CommandGroup::decide() {
  if (!error_) {
    commit_->decide();
  }
}

void CommandGroup::append() {
  if (!error_) {
    keep(commit_->append());
  }
}

bool CommandGroup::is_done() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.proposal->is_done(); });
}

void CommandGroup::start_anew() {
  commit_.reset();
  error_.reset();
}

void CommandGroup::keep(const eventstore::Result<void>& result) {
  if (!result) {
    error_ = result.error();
  }
}

}  // namespace vsim::workers
