#include "workers/burial.h"

#include "schema/messages/command_codec.h"
#include "workers/outcome_proposal.h"

namespace vsim::workers {

using eventstore::Error;
using eventstore::Result;

Result<Burial::End> Burial::bury(const eventstore::Delivery& delivery, DeadLetterReason reason,
                                 const std::string& error) {
  auto detail = error;
  if (const auto decoded = messages::decode_command(delivery.message)) {
    const auto earlier =
        give_outcome(*decoded, reason == DeadLetterReason::exhausted ? exhausted_detail : error);
    // A log that cannot be reached is not the command's fault; one that refuses it may be.
    if (!earlier && earlier.error().kind != Error::Kind::refused) {
      return tl::unexpected(earlier.error());
    }
    if (!earlier) {
      detail = earlier.error().detail;
    }
    // Somebody may have died after that outcome and before the letter.
    const bool decided = earlier && *earlier && (*earlier)->kind != OutcomeKind::dead_lettered;
    if (decided) {
      return End::had_outcome;
    }
  }
  if (!dead_letters_.keep(delivery, reason, detail)) {
    return eventstore::fail(Error::Kind::unavailable, "the dead letter could not be kept");
  }
  return End::buried;
}

Result<std::optional<Outcome>> Burial::give_outcome(const messages::DecodedCommand& decoded,
                                                    const std::string& why) {
  const CommandDeadLettered outcome{why};
  const auto summary = messages::summary_of(decoded);
  if (!std::holds_alternative<Command>(decoded.command)) {
    return fleet_commands_.give_outcome(summary, outcome, decoded.reply_to);
  }
  OutcomeProposal proposal(tools_, summary, outcome, decoded.reply_to);
  std::vector<Proposal*> only = {&proposal};
  if (auto ok = commit(tools_, only); !ok) {
    return tl::unexpected(ok.error());
  }
  return proposal.earlier();
}

}  // namespace vsim::workers
