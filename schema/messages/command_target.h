#pragma once

// Where commands go and where their outcomes stand, for whoever knows an operation.

#include <optional>
#include <string>
#include <string_view>

#include "schema/messages/subjects.h"

namespace vsim::messages {

/// The target of an operation, by its region, its server and its type.
CommandTarget target_of(const Region& region, const std::optional<ServerId>& server,
                        std::string_view type);

/// The subject of COMMANDS.
std::string command_subject(const CommandTarget& target);

/// The subject of EVENTS that outcomes of the target's commands stand on; of a server a filter,
/// since another region may have it.
std::string outcomes_of(const CommandTarget& target);

/// Whether it is a region, and not what stands for one.
bool is_region(const Region& region);

}  // namespace vsim::messages
