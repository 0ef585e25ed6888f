#include "workers/outcome_proposal.h"

#include <algorithm>

#include "schema/messages/subjects.h"
#include "workers/past_outcomes.h"

namespace vsim::workers {

using eventstore::Append;
using eventstore::Result;

OutcomeProposal::OutcomeProposal(DecisionTools& tools, CommandNote command, EventData outcome,
                                 std::string reply_to)
    : tools_(tools),
      command_(std::move(command)),
      outcome_(std::move(outcome)),
      reply_to_(std::move(reply_to)) {}

Result<std::vector<Append>> OutcomeProposal::decide(const Head& head) {
  reaped_.clear();
  auto earlier = find_earlier(head);
  if (!earlier) {
    return tl::unexpected(earlier.error());
  }
  earlier_ = std::move(*earlier);
  if (earlier_) {
    return std::vector<Append>();
  }
  const auto events = decide_outcome(head.state, command_, outcome_, tools_.view.now());
  std::copy_if(events.begin(), events.end(), std::back_inserter(reaped_), is_reaped);
  return appends_of(head, events, reply_to_);
}

Result<std::optional<Outcome>> OutcomeProposal::find_earlier(const Head& head) {
  auto last = head.state.last_command;
  if (last && last->cause.command != command_.cause.command) {
    auto past = find_past_outcome(tools_.store, messages::any_events_of(command_.server),
                                  command_.cause.command);
    if (!past) {
      return tl::unexpected(past.error());
    }
    last = std::move(*past);
  }
  const bool decided = last && stands_for(*last, command_.cause.sequence);
  return decided ? std::optional(last->outcome) : std::nullopt;
}

void OutcomeProposal::on_done(eventstore::Sequence first) {
  if (first == 0) {
    return;
  }
  for (const auto& event : reaped_) {
    tools_.reaped.note(event);
  }
}

}  // namespace vsim::workers
