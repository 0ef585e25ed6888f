#pragma once

// Who is behind an event: members that events of every kind have alike.

#include <optional>

#include "domain/server.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

/// "command_id", "actor", "correlation_id"; the rest of the cause stands in the state.
void write_origin(JsonWriter& json, const std::optional<Cause>& cause, const Origin& origin);

Origin read_origin(const Fields& fields);

/// The cause that "command_id" names, which must be the state's last command; nothing where no
/// command is named.
std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command);

}  // namespace vsim::messages
