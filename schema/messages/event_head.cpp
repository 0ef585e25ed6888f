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

void write_rest_of_cause(JsonWriter& json, const Cause& cause) {
  json.member("command_sequence", cause.sequence);
  json.member("request_hash", cause.request_hash);
  json.member("command_type", cause.type);
}

Origin read_origin(const Fields& fields) {
  return {std::string(fields.text("actor")), std::string(fields.text("correlation_id"))};
}

std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command) {
  if (!fields.has("command_id")) return std::nullopt;
  const CommandId command{fields.uuid("command_id")};
  if (fields.has("data")) {
    const auto data = fields.object("data");
    if (data.has("command_sequence")) {
      return Cause{command, data.count("command_sequence"), std::string(data.text("request_hash")),
                   std::string(data.text("command_type"))};
    }
  }
  if (last_command && last_command->command == command) return last_command;
  fields.complain("command_id", "must be the state's last command");
  return std::nullopt;
}

}  // namespace vsim::messages
