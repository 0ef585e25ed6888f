#pragma once

// A command as JOURNAL keeps it: the broker's copy, under a subject of JOURNAL's and with headers
// that republishing added behind the command's own.

#include <string>
#include <string_view>

#include "eventstore/message.h"

namespace vsim::messages {

/// vsim.journal.R.X of vsim.cmd.R.X.
std::string journal_subject(std::string_view command_subject);

/// The message as it stood in COMMANDS: its subject, its place and its time there. Its headers stay
/// those of the copy; decode_command() gives it the id that it had.
eventstore::Message original_of(const eventstore::Message& copy);

/// The headers of a copy made by hand, as republishing would have added them. Its message id is one
/// of its own, so that many may copy; what was meant for COMMANDS alone is left out.
eventstore::Headers journal_headers(const eventstore::Message& command);

}  // namespace vsim::messages
