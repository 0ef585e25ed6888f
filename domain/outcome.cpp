#include "domain/outcome.h"

#include <utility>

#include "domain/queue_numbers.h"

namespace vsim {

bool stands_for(const LastCommand& given, StreamSequence sequence) {
  const bool was_carried_out =
      given.outcome.kind == OutcomeKind::succeeded || given.outcome.kind == OutcomeKind::rejected;
  return was_carried_out || (sequence <= given.cause.sequence && !is_after_high(given, sequence));
}

bool is_after_high(const std::optional<LastCommand>& last, StreamSequence sequence) {
  return last && last->cause.sequence >= queue_numbers_high && sequence < queue_numbers_high;
}

bool has_outcome(const std::optional<LastCommand>& last, const Cause& command) {
  return last && last->cause.command == command.command && stands_for(*last, command.sequence);
}

void record_command(std::optional<LastCommand>& last, const Cause& cause, Outcome outcome) {
  const bool late = last && last->cause.sequence > cause.sequence;
  if (late && !is_after_high(last, cause.sequence)) {
    return;
  }
  last = LastCommand{cause, std::move(outcome)};
}

std::optional<Verdict> verdict_of_the_past(const std::optional<LastCommand>& last,
                                           const CommandHead& command) {
  if (!last) {
    return std::nullopt;
  }
  if (last->cause.command == command.id && stands_for(*last, command.sequence)) {
    return AlreadyDecided{last->outcome};
  }
  const bool older =
      command.sequence <= last->cause.sequence && !is_after_high(last, command.sequence);
  if (last->cause.command != command.id && older) {
    return Stale{last->cause.sequence};
  }
  return std::nullopt;
}

}  // namespace vsim
