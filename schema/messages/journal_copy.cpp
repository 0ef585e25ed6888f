#include "schema/messages/journal_copy.h"

#include "domain/decimal.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::messages {
namespace {

// Republishing adds its headers behind those that a copy of a copy brought along, so the last one
// is this message's.
eventstore::Sequence last_sequence_in(const eventstore::Headers& headers) {
  eventstore::Sequence sequence = 0;
  for (const auto& header : headers) {
    if (header.name == header::sequence) {
      sequence = read_decimal(header.value).value_or(0);
    }
  }
  return sequence;
}

// The same from whoever makes the copy. Its time is part of it: a queue that was made anew may give
// a number again.
std::string message_id_of(const eventstore::Message& command) {
  return "journal-" + std::to_string(command.sequence) + "-" +
         std::to_string(command.stored_at.time_since_epoch().count());
}

}  // namespace

std::string journal_subject(std::string_view command_subject) {
  return std::string(journal_prefix) + std::string(command_subject.substr(command_prefix.size()));
}

eventstore::Message original_of(const eventstore::Message& copy) {
  eventstore::Message original = copy;
  original.sequence = last_sequence_in(copy.headers);
  if (original.subject.starts_with(journal_prefix)) {
    original.subject = std::string(command_prefix) + original.subject.substr(journal_prefix.size());
  }
  const auto stored_at = find_header(copy.headers, header::time_stamp);
  if (!stored_at.empty()) {
    original.stored_at = eventstore::parse_timestamp(stored_at);
  }
  return original;
}

eventstore::Headers journal_headers(const eventstore::Message& command) {
  eventstore::Headers headers = {{std::string(header::message_id), message_id_of(command)}};
  for (const auto& one : command.headers) {
    const bool is_for_the_queue =
        one.name == header::message_id || one.name.starts_with("Nats-Expected-");
    if (!is_for_the_queue) {
      headers.push_back(one);
    }
  }
  headers.push_back({"Nats-Stream", std::string(commands_stream)});
  headers.push_back({"Nats-Subject", command.subject});
  headers.push_back({std::string(header::sequence), std::to_string(command.sequence)});
  headers.push_back({std::string(header::time_stamp), format_stamp(command.stored_at)});
  return headers;
}

}  // namespace vsim::messages
