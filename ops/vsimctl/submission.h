#pragma once

// An operator's own command: into the queue like any other, never past it.

#include <string>

#include "eventstore/command_queue.h"
#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/outcomes.h"

namespace vsim::vsimctl {

/// Queues the command under a fresh id, as actor `vsimctl`, and waits 15 s at most for its outcome:
/// succeeded, or rejected with the reason. Waits 5 s at most before that for another command that
/// is in the queue under the subject. The error is one line; it says whether the command
/// still waits.
Found<Fate> carry_out(const process::CommonSettings& settings, Log& log, const std::string& subject,
                      const std::string& payload);

/// What it means that the queue took nothing under the subject.
std::string told(const process::CommonSettings& settings, const std::string& subject,
                 const eventstore::PublishError& error);

}  // namespace vsim::vsimctl
