#include "schema/messages/journal_copy.h"

#include <charconv>

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
      std::from_chars(header.value.data(), header.value.data() + header.value.size(), sequence);
    }
  }
  return sequence;
}

}  // namespace

eventstore::Message original_of(const eventstore::Message& copy) {
  eventstore::Message original = copy;
  original.sequence = last_sequence_in(copy.headers);
  if (original.subject.starts_with(journal_prefix)) {
    original.subject = std::string(command_prefix) + original.subject.substr(journal_prefix.size());
  }
  const auto stored_at = find_header(copy.headers, header::time_stamp);
  if (!stored_at.empty()) original.stored_at = eventstore::parse_timestamp(stored_at);
  return original;
}

}  // namespace vsim::messages
