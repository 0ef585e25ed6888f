#pragma once

// An operator's own command, queued like any other. D27

#include <string>

#include "eventstore/command_queue.h"
#include "ops/vsimctl/commands/outcomes.h"
#include "ops/vsimctl/connections.h"

namespace vsim::vsimctl {

/// Queues the command under a fresh id, as actor `vsimctl`, and waits 15 s at most for its outcome:
/// succeeded, or rejected with the reason. Waits 5 s at most before that for another command that
/// is in the queue under the subject. The error is one line; it says whether the command
/// still waits.
tl::expected<CommandOutcome, std::string> carry_out(const process::CommonSettings& settings,
                                                    Log& log, const std::string& subject,
                                                    const std::string& payload);

/// Why the queue did not accept a command under the subject, as a line for the operator.
std::string explain(const process::CommonSettings& settings, const std::string& subject,
                    const eventstore::PublishError& error);

}  // namespace vsim::vsimctl
