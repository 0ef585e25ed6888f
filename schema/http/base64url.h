#pragma once

// Base64 for URLs and headers (RFC 4648, section 5), without padding.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vsim::http {

/// Characters that so many bytes take.
constexpr std::size_t base64url_characters(std::size_t bytes) { return (bytes * 4 + 2) / 3; }

std::string to_base64url(std::span<const std::uint8_t> bytes);

/// False when the text is not the one text of as many bytes as `into` holds, which is then of no
/// use.
bool from_base64url(std::string_view text, std::span<std::uint8_t> into);

}  // namespace vsim::http
