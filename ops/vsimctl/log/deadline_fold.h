#pragma once

// Which deadlines the log leaves open, and that each `deadlines_applied` speaks the truth. D84

#include <map>
#include <string>
#include <utility>

#include "domain/server.h"
#include "domain/sim_clock.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

/// Takes the log's messages in their order. Keeps the open deadlines. One thread. Errors are one
/// line, without the message that they were found at.
class DeadlineFold {
 public:
  /// After an event of the server, with the states before and after it.
  void changed(const ServerId& server, const State& before, const State& after,
               StreamSequence sequence);

  tl::expected<void, std::string> applied(const DeadlinesApplied& applied) const;

 private:
  std::map<std::pair<Instant, ServerId>, StreamSequence> open_;  // and which message set it
};

}  // namespace vsim::vsimctl
