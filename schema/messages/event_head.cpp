#include "schema/messages/event_head.h"

#include "schema/messages/json_fields.h"

namespace vsim::messages {

void write_origin(JsonWriter& json, const std::optional<Cause>& cause, const Origin& origin) {
  json.key("command_id");
  if (cause) {
    json.string(cause->command.to_string());
  } else {
    json.null();
  }
  json.member("actor", origin.actor);
  json.member("correlation_id", origin.correlation_id);
}

Origin read_origin(const Fields& fields) {
  return {std::string(fields.text("actor")), std::string(fields.text("correlation_id"))};
}

std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command) {
  if (!fields.has("command_id")) return std::nullopt;
  const CommandId command{fields.uuid("command_id")};
  if (last_command && last_command->command == command) return last_command;
  fields.complain("command_id", "must be the state's last command");
  return std::nullopt;
}

}  // namespace vsim::messages
