#include "schema/messages/command_envelope.h"

#include <algorithm>

#include <simdjson.h>

#include "domain/account.h"
#include "domain/decimal.h"
#include "domain/letter_case.h"
#include "eventstore/lost_headers.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/printable_text.h"
#include "schema/messages/uuid.h"

namespace vsim::messages {
namespace {

using eventstore::find_header;

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

// In whose name a command is sent; empty where it says nothing of it. Whoever sends it, that must
// not be lost by a typing error: the command would go to anybody's server.
tl::expected<std::string, std::string> account_in(const eventstore::Headers& headers) {
  std::string account;
  for (const auto& [name, value] : headers) {
    if (name.size() != header::account.size() || lower_case(name) != lower_case(header::account)) {
      continue;
    }
    if (name != header::account || !account.empty()) {
      return poison("header Vsim-Account must be spelt like that, and stand once");
    }
    account = value;
  }
  if (!account.empty()) {
    if (const auto complaint = complaint_about_account(account)) {
      return poison("header Vsim-Account names none: " + *complaint);
    }
  }
  return account;
}

// A list that no server's version is in; an empty header could be lost on its way.
constexpr std::string_view no_version = "none";

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
  auto account = account_in(headers);
  if (!account) {
    return tl::unexpected(account.error());
  }
  envelope.origin.account = std::move(*account);
  for (const auto* text :
       {&envelope.request_hash, &envelope.origin.actor, &envelope.origin.correlation_id}) {
    // They become members of an event: JSON that is no UTF-8 could not be read back.
    if (text->size() > 256 || !simdjson::validate_utf8(*text) || !is_printable(*text)) {
      return poison("a Vsim- header is over 256 bytes, is no UTF-8 or holds control characters");
    }
  }
  return envelope;
}

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

std::string encode_only_at(const std::vector<Version>& versions) {
  std::string text;
  for (const auto version : versions) {
    text += (text.empty() ? "" : ",") + std::to_string(version);
  }
  return text.empty() ? std::string(no_version) : text;
}

}  // namespace vsim::messages
