#include "schema/messages/action_codec.h"

#include <simdjson.h>

#include "domain/tag_overrides.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/printable_text.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

std::string checked_text(const Fields& fields, std::string_view name, std::size_t least,
                         std::size_t most) {
  const auto text = fields.text(name);
  if (const auto why = complaint_about_text(text, least, most)) {
    fields.complain(name, *why);
  }
  return std::string(text);
}

// Of what a caller asks for: 0 or nothing is none.
Duration read_lease(const Fields& fields) {
  if (!fields.has("lease_seconds")) {
    return {};
  }
  const auto length = std::chrono::seconds(fields.integer("lease_seconds"));
  if (length.count() < 0 || length > lease_max) {
    fields.complain("lease_seconds", "must be 0 (none) to " + std::to_string(lease_max.count()));
    return {};
  }
  return length;
}

Create read_create(const Fields& fields) {
  Create create;
  create.name = checked_text(fields, "name", 1, name_characters_max);
  const auto* type = fields.has("instance_type") ? "instance_type" : "type";
  create.instance_type = checked_text(fields, type, 1, ordered_name_characters_max);
  if (fields.has("profile")) {
    create.profile = checked_text(fields, "profile", 1, ordered_name_characters_max);
  }
  create.tags = read_ordered_tags(fields);
  if (fields.has("idle_timeout_seconds")) {
    const std::chrono::seconds timeout(fields.integer("idle_timeout_seconds"));
    if (timeout.count() < 0 || timeout > idle_timeout_max) {
      fields.complain("idle_timeout_seconds",
                      "must be 0 (never) to " + std::to_string(idle_timeout_max.count()));
    } else {
      create.idle_timeout = timeout;
    }
  }
  create.lease = read_lease(fields);
  if (fields.has("warm_pool")) {
    create.warm = read_warm_place(fields.object("warm_pool"));
  }
  return create;
}

Acquire read_acquire(const Fields& fields) {
  Acquire acquire;
  if (fields.has("name")) {
    acquire.name = checked_text(fields, "name", 1, name_characters_max);
  }
  acquire.tags = read_ordered_tags(fields);
  for (const auto& [key, value] : acquire.tags) {
    if (key.starts_with("vsim:")) {
      fields.complain("tags", "must not begin with vsim: here; such tags are for what is created");
    }
  }
  acquire.lease = read_lease(fields);
  if (fields.has("pool")) {
    acquire.pool = fields.text("pool");
  }
  return acquire;
}

ExtendLease read_extend_lease(const Fields& fields) {
  const auto length = std::chrono::seconds(fields.integer("extend_seconds"));
  if (length.count() < 1 || length > lease_max) {
    fields.complain("extend_seconds", "must be 1 to " + std::to_string(lease_max.count()));
    return {};
  }
  return {length};
}

// {"type":"terminate"}, or of an operator {"type":"terminate","force":true,"reason":"..."}.
Terminate read_terminate(const Fields& fields) {
  if (!fields.has("force") || !fields.boolean("force")) {
    return {};
  }
  return {checked_text(fields, "reason", 1, force_reason_characters_max)};
}

std::int64_t whole_seconds(Duration length) {
  return std::chrono::duration_cast<std::chrono::seconds>(length).count();
}

/// The members beside "type".
struct WriteAction {
  JsonWriter& json;

  void operator()(const Create& create) const {
    json.member("name", create.name);
    json.member("instance_type", create.instance_type);
    if (create.profile) {
      json.member("profile", *create.profile);
    }
    if (!create.tags.empty()) {
      json.key("tags");
      write_tags(json, create.tags);
    }
    if (create.idle_timeout) {
      json.member("idle_timeout_seconds", whole_seconds(*create.idle_timeout));
    }
    lease(create.lease);
    if (create.warm) {
      json.key("warm_pool");
      write_warm_place(json, *create.warm);
    }
  }
  void operator()(const Start&) const {}
  void operator()(const Stop&) const {}
  void operator()(const Reboot&) const {}
  void operator()(const Terminate& terminate) const {
    if (terminate.forced_because) {
      json.key("force");
      json.boolean(true);
      json.member("reason", *terminate.forced_because);
    }
  }
  void operator()(const ExtendLease& extension) const {
    json.member("extend_seconds", whole_seconds(extension.by));
  }
  void operator()(const Acquire& acquire) const {
    if (acquire.pool) {
      json.member("pool", *acquire.pool);
    }
    if (acquire.name) {
      json.member("name", *acquire.name);
    }
    if (!acquire.tags.empty()) {
      json.key("tags");
      write_tags(json, acquire.tags);
    }
    lease(acquire.lease);
  }
  void operator()(const Release&) const {}
  void operator()(const Retire&) const {}

  void lease(Duration length) const {
    if (length.count() > 0) {
      json.member("lease_seconds", whole_seconds(length));
    }
  }
};

}  // namespace

std::map<std::string, std::string> read_ordered_tags(const Fields& fields) {
  std::map<std::string, std::string> tags;
  if (!fields.has("tags")) {
    return tags;
  }
  for (const auto [key, value] : fields.object("tags").raw()) {
    std::string_view text;
    const bool fits = value.get(text) == simdjson::SUCCESS && !key.empty() &&
                      characters(key) <= tag_key_characters_max &&
                      characters(text) <= tag_value_characters_max && is_printable(key) &&
                      is_printable(text);
    if (!fits) {
      fields.complain("tags",
                      "must map keys of 1 to 128 characters to strings of 256 at most, "
                      "without control characters");
      return tags;
    }
    tags.emplace(key, text);
    if (tags.size() > tags_max) {
      fields.complain("tags", "must be 50 at most");
      return tags;
    }
  }
  return tags;
}

std::optional<Action> read_action(const Fields& fields) {
  const auto type = fields.text("type");
  if (type == "create") {
    if (!fields.has("instance_type")) {
      fields.complain("instance_type", "is missing");
    }
    return read_create(fields);
  }
  if (type == "start") {
    return Start{};
  }
  if (type == "stop") {
    return Stop{};
  }
  if (type == "reboot") {
    return Reboot{};
  }
  if (type == "terminate") {
    return read_terminate(fields);
  }
  if (type == "extend_lease") {
    return read_extend_lease(fields);
  }
  if (type == "acquire") {
    return read_acquire(fields);
  }
  if (type == "release") {
    return Release{};
  }
  if (type == "retire") {
    return Retire{};
  }
  fields.complain("type",
                  "must be create, start, stop, reboot, terminate, extend_lease, acquire, release "
                  "or retire");
  return std::nullopt;
}

std::string encode_action(const Action& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  std::visit(WriteAction{json}, action);
  json.end_object();
  return json.take();
}

std::optional<std::string> complaint_about_ordered_name(std::string_view name) {
  if (!simdjson::validate_utf8(name)) {
    return "must be UTF-8";
  }
  return complaint_about_text(name, 1, ordered_name_characters_max);
}

tl::expected<Create, std::string> read_create(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto create = read_create(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  if (auto why = complaint_about_tags(create.tags)) {
    return tl::unexpected(std::move(*why));
  }
  return create;
}

tl::expected<Acquire, std::string> read_acquire(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto acquire = read_acquire(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  return acquire;
}

tl::expected<ExtendLease, std::string> read_extend_lease(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  const auto extension = read_extend_lease(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  return extension;
}

}  // namespace vsim::messages
