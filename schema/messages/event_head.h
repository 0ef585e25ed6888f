#pragma once

// Who is behind an event: members that events of every kind have alike.

#include <optional>

#include "domain/server.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

/// "command_id", "actor", "correlation_id"; the rest of the cause stands in the state.
void write_origin(JsonWriter& json, const std::optional<Cause>& cause, const Origin& origin);

/// The rest of the cause, for "data" of an event whose command need not be the state's last.
void write_rest_of_cause(JsonWriter& json, const Cause& cause);

Origin read_origin(const Fields& fields);

/// The cause that "command_id" names: it stands in "data", else it must be the state's last
/// command. Nothing where no command is named.
std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command);

}  // namespace vsim::messages
