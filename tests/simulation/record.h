#pragma once

// What clients were told, for the checks.

#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/outcome.h"

namespace vsim::simulation {

/// An outcome as the gateway gave it.
struct Told {
  OutcomeKind kind{};
  StreamSequence event = 0;  // in EVENTS
  Version version = 0;
};

/// A command that somebody sent, over all attempts.
struct Given {
  CommandId id;
  std::string kind;
  std::optional<ServerId> server;
  std::string account;        // in whose name; empty: in nobody's
  bool stored = false;        // somebody was told so
  bool maybe_stored = false;  // nobody knows
  bool unreadable = false;    // it ends as a dead letter, without an event
  std::vector<Told> told;
};

}  // namespace vsim::simulation
