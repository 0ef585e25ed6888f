#include "workers/command_proposal.h"

#include <algorithm>

#include "schema/messages/event_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "workers/due_deadlines.h"
#include "workers/past_outcomes.h"

namespace vsim::workers {

using eventstore::Append;
using eventstore::Error;

eventstore::Result<std::optional<FreeAddress>> AddressFinder::find(const Region& region) {
  if (auto address = tools_.view.reserve(region)) {
    return address;
  }
  if (!sure_.contains(region)) {
    if (auto ok = make_sure(region); !ok) {
      return tl::unexpected(ok.error());
    }
    sure_.insert(region);
  }
  return tools_.view.reserve(region);
}

eventstore::Result<void> AddressFinder::make_sure(const Region& region) {
  const auto until = tools_.view.now();
  while (true) {
    if (!tools_.view.catch_up()) {
      return eventstore::fail(Error::Kind::unavailable, "the view cannot catch up with the log");
    }
    const auto looked_at = apply_due(tools_.store, tools_.view, until, region,
                                     [this](const Event& event) { tools_.reaped.note(event); });
    if (!looked_at) {
      return tl::unexpected(looked_at.error());
    }
    if (*looked_at == 0) {
      return {};
    }
  }
}

CommandProposal::CommandProposal(DecisionTools& tools, AddressFinder& addresses, Command command,
                                 std::string reply_to, bool may_be_repeat)
    : tools_(tools),
      addresses_(addresses),
      command_(std::move(command)),
      reply_to_(std::move(reply_to)),
      may_be_repeat_(may_be_repeat) {}

CommandProposal::~CommandProposal() { give_address_back(); }

void CommandProposal::give_address_back() {
  if (address_) {
    tools_.view.settle(command_.region, address_->ip);
  }
  address_.reset();
}

eventstore::Result<std::optional<LastCommand>> CommandProposal::past_outcome(const Head& head) {
  const auto& last = head.state.last_command;
  if (last && last->cause.command == command_.id) {
    return last;
  }
  const bool may_be_old = may_be_repeat_ || is_after_high(last, command_.sequence);
  if (!may_be_old || head.sequence == 0) {
    return std::optional<LastCommand>();
  }
  return find_past_outcome(tools_.store, messages::any_events_of(command_.server), command_.id);
}

eventstore::Result<std::vector<Append>> CommandProposal::decide(const Head& head) {
  give_address_back();
  misfit_.clear();
  const auto past = past_outcome(head);
  if (!past) {
    return tl::unexpected(past.error());
  }
  if (*past) {
    misfit_ = messages::find_misfit((*past)->cause, note_of(command_).cause).value_or("");
    if (!misfit_.empty() || stands_for(**past, command_.sequence)) {
      verdict_ = AlreadyDecided{(*past)->outcome};
      return std::vector<Append>();
    }
  }

  decided_at_ = tools_.view.now();
  Context context{tools_.catalogue, tools_.view.seed(), std::nullopt};
  auto decision = vsim::decide(head.state, command_, decided_at_, context);
  const auto* rejection = std::get_if<Rejection>(&decision.verdict);
  if (rejection != nullptr && rejection->code == RejectionCode::no_free_address) {
    // Only now is it known that an address is needed.
    const auto address = addresses_.find(command_.region);
    if (!address) {
      return tl::unexpected(address.error());
    }
    address_ = *address;
    if (address_) {
      context.free_ip = address_->ip;
      decided_at_ = tools_.view.now();  // its last holder may have gone a moment ago
      decision = vsim::decide(head.state, command_, decided_at_, context);
    }
  }
  auto appends = appends_of(head, decision.events, reply_to_);
  if (address_) {
    appends.push_back(claim());
  }
  reaped_.clear();
  std::copy_if(decision.events.begin(), decision.events.end(), std::back_inserter(reaped_),
               is_reaped);
  verdict_ = std::move(decision.verdict);
  messages_ = appends.size();
  return appends;
}

Append CommandProposal::claim() const {
  const auto subject = messages::address_events(command_.region, address_->ip);
  return {
      subject,
      messages::encode(AddressClaimed{command_.region, address_->ip, command_.server, decided_at_}),
      {},
      eventstore::Expectation{subject, address_->last_claim}};
}

void CommandProposal::lost_against(const std::string& filter, eventstore::Sequence last) {
  if (!address_) {
    return;
  }
  const bool address_is_gone = filter == messages::address_events(command_.region, address_->ip);
  if (address_is_gone) {
    tools_.view.address_claimed(command_.region, address_->ip, last);
  }
}

void CommandProposal::on_done(eventstore::Sequence first) {
  if (address_ && first > 0) {
    tools_.view.address_claimed(command_.region, address_->ip, first + messages_ - 1);
  }
  give_address_back();
  if (first == 0) {
    return;
  }
  for (const auto& event : reaped_) {
    tools_.reaped.note(event);
  }
}

eventstore::Result<void> commit_commands(DecisionTools& tools, std::span<Proposal* const> group,
                                         WallTime stored_by) {
  if (auto ok = tools.view.check_time(); !ok) {
    return ok;
  }
  if (auto ok = tools.view.refresh_clock(); !ok) {
    return ok;
  }
  tools.view.not_before(stored_by);
  return commit(tools.store, group);
}

}  // namespace vsim::workers
