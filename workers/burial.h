#pragma once

// The end of a command that could not be handled, whichever role finds it: an outcome in the log
// and a letter in DEAD_LETTERS; then its slot may be freed. A command that has an outcome already
// is only taken out of the queue.

#include <string>

#include "schema/messages/command_codec.h"
#include "workers/command_proposal.h"
#include "workers/dead_letters.h"
#include "workers/fleet_commands.h"

namespace vsim::workers {

/// Thread-safe as its tools are.
class Burial {
 public:
  enum class End {
    buried,       // the letter is kept, and the log says so
    had_outcome,  // an outcome came first
  };

  /// Both outlive it.
  Burial(DecisionTools& tools, DeadLetters& dead_letters)
      : tools_(tools), fleet_commands_(tools), dead_letters_(dead_letters) {}

  /// `error` stands in the letter; for a mistyped command it is the outcome's reason too. If this
  /// fails the command must stay in the queue, and may be buried again.
  eventstore::Result<End> bury(const eventstore::Delivery& delivery, DeadLetterReason reason,
                               const std::string& error);

 private:
  /// The outcome that the command had before; nothing when it is dead-lettered now.
  eventstore::Result<std::optional<Outcome>> give_outcome(const messages::DecodedCommand& decoded,
                                                          const std::string& why);

  DecisionTools& tools_;
  FleetCommands fleet_commands_;
  DeadLetters& dead_letters_;
};

}  // namespace vsim::workers
