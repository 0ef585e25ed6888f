#pragma once

// A command as JOURNAL keeps it: the broker's copy, under a subject of JOURNAL's and with headers
// that republishing added behind the command's own.

#include "eventstore/message.h"

namespace vsim::messages {

/// The message as it stood in COMMANDS: its subject, its place and its time there. Its headers stay
/// those of the copy; decode_command() gives it the id that it had.
eventstore::Message original_of(const eventstore::Message& copy);

}  // namespace vsim::messages
