#pragma once

// Members that events of every kind have alike.

#include <optional>
#include <variant>

#include "domain/server.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_writer.h"

namespace vsim::messages {

class Fields;

/// "command_id", "actor", "correlation_id", and "account" where the origin has one; the rest of the
/// cause stands in the state.
void write_origin(JsonWriter& json, const std::optional<Cause>& cause, const Origin& origin);

/// "version", "at", who is behind it, and "data": a visitor `WriteData{json, cause}` writes that.
template <typename WriteData, typename EventOfAnyKind>
void write_what_happened(JsonWriter& json, const EventOfAnyKind& event) {
  json.member("version", event.version);
  json.member("at", format_instant(event.at));
  write_origin(json, event.cause, event.origin);
  json.key("data");
  json.begin_object();
  std::visit(WriteData{json, event.cause}, event.data);
  json.end_object();
}

/// "data" of an outcome that changes nothing.
void write_no_change(JsonWriter& json, const NoChange& outcome, const std::optional<Cause>& cause);

/// That outcome, from the whole event; nothing when `type` is no such event's.
std::optional<NoChange> read_no_change(std::string_view type, const Fields& fields);

/// "account", which is there.
std::string read_account(const Fields& fields);

Origin read_origin(const Fields& fields);

/// The cause that "command_id" names: it stands in "data", else it must be the state's last
/// command. Nothing where no command is named.
std::optional<Cause> read_cause(const Fields& fields, const std::optional<Cause>& last_command);

}  // namespace vsim::messages
