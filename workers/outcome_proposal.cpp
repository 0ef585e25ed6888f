#include "workers/outcome_proposal.h"

#include <algorithm>
#include <iterator>

#include "domain/invariant.h"
#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"

namespace vsim::workers {

using eventstore::Result;

OutcomeProposal::OutcomeProposal(DecisionTools& tools, CommandSummary command, NoChange outcome,
                                 std::string reply_to)
    : tools_(tools),
      command_(std::move(command)),
      outcome_(std::move(outcome)),
      reply_to_(std::move(reply_to)) {
  invariant(command_.server && command_.region, "a server's outcome names it and its region");
}

Result<void> OutcomeProposal::prepare(const ServerHead& head, const RegionState&) {
  auto earlier = find_earlier(head);
  if (!earlier) {
    return tl::unexpected(earlier.error());
  }
  earlier_ = std::move(*earlier);
  return {};
}

DecidedAppends OutcomeProposal::decide(const ServerHead& head, const RegionState& region) {
  reaped_.clear();
  if (earlier_) {
    return {};
  }
  const auto events =
      decide_outcome(head.state, command_, outcome_, tools_.view.now(), region.outages);
  std::copy_if(events.begin(), events.end(), std::back_inserter(reaped_), is_reaped);
  return appends_of(head, events, reply_to_);
}

Result<std::optional<Outcome>> OutcomeProposal::find_earlier(const ServerHead& head) {
  auto last = head.state.last_command;
  if (last && last->cause.command != command_.cause.command) {
    auto past =
        find_past_outcome(tools_.store, messages::any_events_of(server()), command_.cause.command);
    if (!past) {
      return tl::unexpected(past.error());
    }
    last = std::move(*past);
  }
  const bool decided = last && stands_for(*last, command_.cause.sequence);
  return decided ? std::optional(last->outcome) : std::nullopt;
}

void OutcomeProposal::on_done(eventstore::Sequence last) {
  if (last == 0) {
    return;
  }
  for (const auto& event : reaped_) {
    tools_.reaped.record(event);
  }
}

}  // namespace vsim::workers
