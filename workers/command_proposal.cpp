#include "workers/command_proposal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "schema/messages/event_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"

namespace vsim::workers {

using eventstore::Append;

CommandProposal::CommandProposal(DecisionTools& tools, AddressFinder& addresses, Command command,
                                 Delivery delivery)
    : tools_(tools),
      addresses_(addresses),
      command_(std::move(command)),
      delivery_(std::move(delivery)) {}

CommandProposal::~CommandProposal() { release_address(); }

void CommandProposal::release_address() {
  if (address_) {
    tools_.view.release(command_.region, address_->ip);
  }
  address_.reset();
}

eventstore::Result<std::optional<LastCommand>> CommandProposal::past_outcome(
    const ServerHead& head) {
  const auto& last = head.state.last_command;
  if (last && last->cause.command == command_.id) {
    return last;
  }
  const bool may_be_old = delivery_.may_be_repeat || is_after_high(last, command_.sequence);  // D15
  if (!may_be_old || head.sequence == 0) {
    return std::optional<LastCommand>();
  }
  return find_past_outcome(tools_.store, messages::any_events_of(command_.server), command_.id);
}

Context CommandProposal::context(const RegionState& region) const {
  return {.catalogue = tools_.catalogue,
          .seed = tools_.view.seed(),
          .free_ip = address_ ? std::optional(address_->ip) : std::nullopt,
          .region = &region};
}

eventstore::Result<void> CommandProposal::prepare(const ServerHead& head,
                                                  const RegionState& region) {
  release_address();
  misfit_.reset();
  past_.reset();
  const auto past = past_outcome(head);
  if (!past) {
    return tl::unexpected(past.error());
  }
  if (*past) {
    misfit_ = messages::find_misfit((*past)->cause, cause_of(command_));
    if (misfit_ || stands_for(**past, command_.sequence)) {
      past_ = (*past)->outcome;
      return {};
    }
  }
  if (!needs_address(head.state, command_, tools_.view.now(), context(region))) {
    return {};
  }
  auto address = addresses_.find(command_.region, command_.server);
  if (!address) {
    return tl::unexpected(address.error());
  }
  address_ = *address;
  return {};
}

DecidedAppends CommandProposal::decide(const ServerHead& head, const RegionState& region) {
  if (past_) {
    verdict_ = AlreadyDecided{*past_};
    return {};
  }
  decided_at_ = tools_.view.now();  // the address's last holder may have gone a moment ago
  auto decision = vsim::decide(head.state, command_, decided_at_, context(region));
  auto appends = appends_of(head, decision.events, delivery_.reply_to);
  if (address_ && std::holds_alternative<Succeeded>(decision.verdict)) {
    add_claim(head, appends);
  } else {
    release_address();  // time went on, and the server is not created after all
  }
  reaped_.clear();
  std::copy_if(decision.events.begin(), decision.events.end(), std::back_inserter(reaped_),
               is_reaped);
  verdict_ = std::move(decision.verdict);
  return appends;
}

// Claim first, then the server: without the server the claim is void as soon as the server's
// subject holds anything else. That is only so where that subject is empty, and the server's event
// expects it to be. Else both are one atomic batch, in this order too: a log that is restored may
// end between them. D72
void CommandProposal::add_claim(const ServerHead& head, DecidedAppends& appends) const {
  appends.may_be_chain = head.sequence == 0 && appends.messages.size() == 1;
  appends.messages.insert(appends.messages.begin(), claim());
}

Append CommandProposal::claim() const {  // D6
  const auto subject = messages::address_events(command_.region, address_->ip);
  return {.subject = subject,
          .payload = messages::encode(AddressClaimed{.region = command_.region,
                                                     .ip = address_->ip,
                                                     .server = command_.server,
                                                     .at = decided_at_,
                                                     .cause = cause_of(command_),
                                                     .origin = command_.origin}),
          .headers = {},
          .expected = eventstore::Expectation{subject, address_->last_claim}};
}

void CommandProposal::lost_against(const std::string& filter, eventstore::Sequence last) {
  if (!address_) {
    return;
  }
  const bool address_is_gone = filter == messages::address_events(command_.region, address_->ip);
  if (address_is_gone) {
    tools_.view.address_claimed(command_.region, address_->ip, last, last);
  }
}

void CommandProposal::on_done(eventstore::Sequence last) {
  if (address_ && last > 0) {
    // A chain does not say where its claim stands.
    tools_.view.address_claimed(command_.region, address_->ip, address_->last_claim + 1, last);
  }
  release_address();
  if (last == 0) {
    return;
  }
  for (const auto& event : reaped_) {
    tools_.reaped.record(event);
  }
}

}  // namespace vsim::workers
