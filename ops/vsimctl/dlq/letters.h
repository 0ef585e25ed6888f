#pragma once

// Dead letters: the commands in DEAD_LETTERS, which could not be carried out.

#include <optional>
#include <string>
#include <vector>

#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

struct Letter {
  eventstore::Sequence sequence = 0;  // in DEAD_LETTERS: what an operator calls it by
  std::string time;                   // when the command was stored in COMMANDS
  std::string reason;                 // "unreadable", "exhausted"
  std::string error;
  std::string deliveries;
  eventstore::Message command;  // as it stood in COMMANDS
};

/// All of them, oldest first.
eventstore::Result<std::vector<Letter>> load_letters(eventstore::Broker& broker);
eventstore::Result<std::optional<Letter>> load_letter(const eventstore::Broker& broker,
                                                      eventstore::Sequence sequence);

/// Reads a message of DEAD_LETTERS.
Letter letter_of(const eventstore::Message& message);

}  // namespace vsim::vsimctl
