#include "schema/messages/event_head.h"

#include "domain/account.h"
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
  if (!origin.account.empty()) {
    json.member("account", origin.account);
  }
}

void write_no_change(JsonWriter& json, const NoChange& outcome, const std::optional<Cause>& cause) {
  if (const auto* rejected = std::get_if<CommandRejected>(&outcome)) {
    json.member("code", to_string(rejected->rejection.code));
    json.member("detail", rejected->rejection.detail);
    return;  // nobody but the subject itself rejects: the command is the last
  }
  if (const auto* dead = std::get_if<CommandDeadLettered>(&outcome)) {
    json.member("reason", dead->reason);
  }
  if (!cause) {
    return;
  }
  json.member("command_sequence", cause->sequence);
  json.member("request_hash", cause->request_hash);
  json.member("command_type", cause->type);
}

std::optional<NoChange> read_no_change(std::string_view type, const Fields& fields) {
  if (type == "command_purged") {
    return CommandPurged{};
  }
  if (type == "command_dead_lettered") {
    return CommandDeadLettered{std::string(fields.object("data").text("reason"))};
  }
  if (type != "command_rejected") {
    return std::nullopt;
  }
  const auto data = fields.object("data");
  return CommandRejected{
      {data.named("code", rejection_code_from), std::string(data.text("detail"))}};
}

std::string read_account(const Fields& fields) {
  std::string account(fields.text("account"));
  if (const auto complaint = complaint_about_account(account)) {
    fields.complain("account", "is none: " + *complaint);
  }
  return account;
}

Origin read_origin(const Fields& fields) {
  Origin origin{std::string(fields.text("actor")), std::string(fields.text("correlation_id"))};
  if (fields.has("account")) {
    origin.account = read_account(fields);
  }
  return origin;
}

std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command) {
  if (!fields.has("command_id")) {
    return std::nullopt;
  }
  const CommandId command{fields.uuid("command_id")};
  if (fields.has("data")) {
    const auto data = fields.object("data");
    if (data.has("command_sequence")) {
      return Cause{.command = command,
                   .sequence = data.count("command_sequence"),
                   .request_hash = std::string(data.text("request_hash")),
                   .type = std::string(data.text("command_type"))};
    }
  }
  if (last_command && last_command->command == command) {
    return last_command;
  }
  fields.complain("command_id", "must be the state's last command");
  return std::nullopt;
}

}  // namespace vsim::messages
