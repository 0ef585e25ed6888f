#pragma once

// The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a string as RFC 8941
// writes it, in quotes, or the bare word that most clients send. Both name the same key.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace vsim::http {

inline constexpr std::size_t idempotency_key_characters_max = 255;  // without the quotes

/// The key; `field` is the header's value. The error says what to change.
tl::expected<std::string, std::string> read_idempotency_key(std::string_view field);

}  // namespace vsim::http
