#include "schema/messages/command_codec.h"

#include <algorithm>

#include "domain/decimal.h"
#include "eventstore/lost_headers.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_complaint.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/state_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::messages {
namespace {

using eventstore::find_header;

tl::unexpected<std::string> poison(std::string why) { return tl::unexpected(std::move(why)); }

// Nothing that could be a control sequence in a log or a terminal. The text is valid UTF-8: the
// JSON parser has seen to that.
bool is_printable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) {
      return false;
    }
    // U+0080 to U+009F, the C1 controls, are C2 80 to C2 9F.
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) {
      return false;
    }
  }
  return true;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }
  return count;
}

std::optional<std::string> complaint_about_text(std::string_view text, std::size_t least,
                                                std::size_t most) {
  const auto length = characters(text);
  if (length < least || length > most) {
    return "must have " + std::to_string(least) + " to " + std::to_string(most) +
           " characters, it has " + std::to_string(length);
  }
  if (!is_printable(text)) {
    return "must not hold control characters";
  }
  return std::nullopt;
}

std::string checked_text(const Fields& fields, std::string_view name, std::size_t least,
                         std::size_t most) {
  const auto text = fields.text(name);
  if (const auto why = complaint_about_text(text, least, most)) {
    fields.complain(name, *why);
  }
  return std::string(text);
}

std::map<std::string, std::string> read_tags(const Fields& fields) {
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

Create read_create(const Fields& fields) {
  Create create;
  create.name = checked_text(fields, "name", 1, name_characters_max);
  const auto* type = fields.has("instance_type") ? "instance_type" : "type";
  create.instance_type = checked_text(fields, type, 1, ordered_name_characters_max);
  if (fields.has("profile")) {
    create.profile = checked_text(fields, "profile", 1, ordered_name_characters_max);
  }
  create.tags = read_tags(fields);
  if (fields.has("idle_timeout_seconds")) {
    const std::chrono::seconds timeout(fields.integer("idle_timeout_seconds"));
    if (timeout.count() < 0 || timeout > idle_timeout_max) {
      fields.complain("idle_timeout_seconds",
                      "must be 0 (never) to " + std::to_string(idle_timeout_max.count()));
    } else {
      create.idle_timeout = timeout;
    }
  }
  return create;
}

// {"type":"terminate"}, or of an operator {"type":"terminate","force":true,"reason":"..."}.
Terminate read_terminate(const Fields& fields) {
  if (!fields.has("force") || !fields.boolean("force")) {
    return {};
  }
  return {checked_text(fields, "reason", 1, force_reason_characters_max)};
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
  fields.complain("type", "must be create, start, stop, reboot or terminate");
  return std::nullopt;
}

// A header's number; 0 where the header is missing. What is no number is poison.
tl::expected<std::uint64_t, std::string> number_in(const eventstore::Headers& headers,
                                                   std::string_view name) {
  const auto text = find_header(headers, name);
  if (text.empty()) {
    return 0;
  }
  if (const auto value = read_decimal(text)) {
    return *value;
  }
  return poison("header " + std::string(name) +
                " must be a whole number, in digits alone and without zeros in front");
}

// The headers that every command has, however it came.
struct Envelope {
  CommandId id;
  std::string request_hash;
  Origin origin;
  bool may_be_repeat = false;
  bool by_hand = false;
};

tl::expected<Envelope, std::string> read_envelope(const eventstore::Message& message) {
  const auto& headers = message.headers;
  if (!find_header(headers, eventstore::lost_headers).empty()) {
    return poison(
        "a header has no value, so those behind it are lost; give it one, or leave it out");
  }
  const auto id = command_id_of(message);
  if (!id) {
    return tl::unexpected(id.error());
  }
  const auto copied_from = number_in(headers, header::sequence);
  const auto attempt = number_in(headers, header::attempt);
  if (!copied_from || !attempt) {
    return poison(copied_from ? attempt.error() : copied_from.error());
  }
  Envelope envelope;
  envelope.id = *id;
  const bool given = !find_header(headers, header::command_id).empty();
  const auto message_id = find_header(headers, header::message_id);
  // Whoever publishes a command for the first time gives it a message id, its own.
  const bool replay = given ? message_id != envelope.id.to_string() : !message_id.empty();
  const bool retry = *attempt > 1;
  const bool keyed = given && envelope.id.uuid.version() == 5;
  envelope.by_hand = !given && *copied_from == 0;
  envelope.may_be_repeat = replay || retry || keyed || *copied_from > 0;
  envelope.request_hash = find_header(headers, header::request_hash);
  const auto actor = find_header(headers, header::actor);
  envelope.origin.actor = actor.empty() ? "nats" : std::string(actor);
  envelope.origin.correlation_id = find_header(headers, header::correlation_id);
  for (const auto* text :
       {&envelope.request_hash, &envelope.origin.actor, &envelope.origin.correlation_id}) {
    if (text->size() > 256 || !is_printable(*text)) {
      return poison("a Vsim- header is over 256 bytes or holds control characters");
    }
  }
  return envelope;
}

tl::expected<DecodedCommand, std::string> decode_pool_command(const eventstore::Message& message,
                                                              Envelope&& envelope,
                                                              const Region& region) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  const Fields fields(*object, error);
  if (fields.text("type") != "extend_pool") {
    return poison("\"type\" of a pool command must be extend_pool");
  }
  auto ranges = read_ranges_as_given(fields);
  if (!ranges) {
    return tl::unexpected(ranges.error());
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, "extend_pool");
  if (decoded.complaint.empty()) {
    decoded.complaint = unusable(ranges->front()).value_or("");
  }
  decoded.command = ExtendPool{
      envelope.id, message.sequence,  std::move(envelope.request_hash), std::move(envelope.origin),
      region,      std::move(*ranges)};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

tl::expected<DecodedCommand, std::string> decode_clock_command(const eventstore::Message& message,
                                                               Envelope&& envelope) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  const auto action = read_clock_action(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, command_type(action));
  const auto why = out_of_range(action);
  if (why && decoded.complaint.empty()) {
    decoded.complaint = "\"scale\" is out of range: " + *why;
  }
  decoded.command = ClockCommand{envelope.id, message.sequence, std::move(envelope.request_hash),
                                 std::move(envelope.origin), action};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

// A list that no server's version is in; an empty header could be lost on its way.
constexpr std::string_view no_version = "none";

// Nothing where the header is missing.
tl::expected<std::optional<std::vector<Version>>, std::string> read_only_at(
    const eventstore::Headers& headers) {
  const bool given = std::any_of(headers.begin(), headers.end(),
                                 [](const auto& header) { return header.name == header::only_at; });
  if (!given) {
    return std::nullopt;
  }
  std::vector<Version> versions;
  std::string_view text = find_header(headers, header::only_at);
  if (text == no_version) {
    return versions;
  }
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto token = text.substr(0, comma);
    const auto version = read_decimal(token);
    if (!version) {
      return poison("header Vsim-Only-At must be versions with commas between them, or none");
    }
    versions.push_back(*version);
    more = comma != text.npos;
    if (more) {
      text.remove_prefix(comma + 1);
    }
  }
  return versions;
}

}  // namespace

tl::expected<CommandId, std::string> command_id_of(const eventstore::Message& message) {
  const auto given = find_header(message.headers, header::command_id);
  if (!given.empty()) {
    const auto id = Uuid::parse(given);
    if (!id) {
      return poison("header Vsim-Command-Id must be a UUID");
    }
    return CommandId{*id};
  }
  // The place and time at which it was first stored tell it from any other.
  const auto copied_from = number_in(message.headers, header::sequence);
  if (!copied_from) {
    return poison(copied_from.error());
  }
  const auto sequence = *copied_from == 0 ? message.sequence : *copied_from;
  const auto stored_at =
      *copied_from == 0
          ? message.stored_at
          : eventstore::parse_timestamp(find_header(message.headers, header::time_stamp));
  constexpr Uuid queue_space{{0x0a, 0x6e, 0x2d, 0x88, 0x53, 0xb1, 0x4c, 0x09, 0x9f, 0x6b, 0xe5,
                              0x12, 0x7c, 0xd8, 0x40, 0xfa}};
  return CommandId{uuid_from_name(
      queue_space,
      std::to_string(sequence) + "@" + std::to_string(stored_at.time_since_epoch().count()))};
}

namespace {

tl::expected<DecodedCommand, std::string> decode_payload(const eventstore::Message& message) {
  const auto target = parse_command_subject(message.subject);
  if (!target) {
    return poison("the subject must be vsim.cmd.<region>.<server id> or _pool, or " +
                  std::string(clock_command_subject));
  }
  auto envelope = read_envelope(message);
  if (!envelope) {
    return tl::unexpected(envelope.error());
  }
  // Outcomes go to inboxes only: a sender must not have us publish wherever it likes.
  auto reply_to = std::string(find_header(message.headers, header::reply_to));
  if (!reply_to.starts_with("_INBOX") || reply_to.size() > 128) {
    reply_to.clear();
  }
  if (target->kind != CommandTarget::Kind::server) {
    auto decoded = target->kind == CommandTarget::Kind::pool
                       ? decode_pool_command(message, std::move(*envelope), target->region)
                       : decode_clock_command(message, std::move(*envelope));
    if (decoded) {
      decoded->reply_to = std::move(reply_to);
    }
    if (decoded) {
      decoded->by_hand = envelope->by_hand;
    }
    return decoded;
  }
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto action = read_action(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  auto only_at = read_only_at(message.headers);
  if (!only_at) {
    return tl::unexpected(only_at.error());
  }
  DecodedCommand decoded;
  decoded.by_hand = envelope->by_hand;
  decoded.complaint = complaint_about(message, *object, command_type(*action));
  decoded.command =
      Command{envelope->id,   message.sequence, envelope->request_hash, envelope->origin,
              target->region, target->server,   std::move(*action),     std::move(*only_at)};
  decoded.reply_to = std::move(reply_to);
  decoded.may_be_repeat = envelope->may_be_repeat;
  return decoded;
}

}  // namespace

CommandNote note_of(const DecodedCommand& decoded) {
  return std::visit([](const auto& command) { return note_of(command); }, decoded.command);
}

tl::expected<DecodedCommand, std::string> decode_command(const eventstore::Message& message) {
  auto decoded = decode_payload(message);
  if (!decoded) {
    return decoded;
  }
  if (auto misfit = find_misfit(message, note_of(*decoded).cause.type)) {
    return tl::unexpected(std::move(*misfit));
  }
  return decoded;
}

std::string encode_action(const Action& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  if (const auto* create = std::get_if<Create>(&action)) {
    json.member("name", create->name);
    json.member("instance_type", create->instance_type);
    if (!create->profile.empty()) {
      json.member("profile", create->profile);
    }
    if (!create->tags.empty()) {
      json.key("tags");
      write_tags(json, create->tags);
    }
    if (create->idle_timeout) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*create->idle_timeout);
      json.member("idle_timeout_seconds", seconds.count());
    }
  }
  const auto* terminate = std::get_if<Terminate>(&action);
  if (terminate != nullptr && terminate->forced_because) {
    json.key("force");
    json.boolean(true);
    json.member("reason", *terminate->forced_because);
  }
  json.end_object();
  return json.take();
}

std::string encode_only_at(const std::vector<Version>& versions) {
  std::string text;
  for (const auto version : versions) {
    text += (text.empty() ? "" : ",") + std::to_string(version);
  }
  return text.empty() ? std::string(no_version) : text;
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
  return create;
}

}  // namespace vsim::messages
