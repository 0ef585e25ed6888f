#pragma once

// The place in the list of servers where the next page begins, as an opaque word: 32 characters
// that need no escaping in a URL.

#include <optional>
#include <string>
#include <string_view>

#include "schema/read_model/servers.h"

namespace vsim::http {

/// `position.id` is a UUID.
std::string encode_cursor(const read_model::ServerPosition& position);

/// Nothing when the word was not made by encode_cursor().
std::optional<read_model::ServerPosition> decode_cursor(std::string_view cursor);

}  // namespace vsim::http
