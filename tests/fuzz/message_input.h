#pragma once

// A message as one line of text, so that seeds can be read and written by people:
//
//   vsim.cmd.us-east-1.ID|Vsim-Only-At: 3,4|{"type":"stop"}

#include <cstdint>
#include <string_view>

#include "eventstore/message.h"

namespace vsim::fuzz {

/// The subject, then headers, each up to a bar; from the first part on that begins with a brace all
/// is payload.
inline eventstore::Message message_of(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take = [&rest] {
    const auto end = rest.find('|');
    const auto part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
  };
  eventstore::Message message;
  message.subject = take();
  message.sequence = 7;
  message.stored_at = eventstore::Timestamp(std::chrono::seconds(1'790'000'000));
  while (!rest.empty() && rest.front() != '{') {
    const auto header = take();
    const auto colon = header.find(": ");
    if (colon != std::string_view::npos) {
      message.headers.push_back(
          {std::string(header.substr(0, colon)), std::string(header.substr(colon + 2))});
    }
  }
  message.payload = rest;
  return message;
}

}  // namespace vsim::fuzz
