#pragma once

// Base64 for URLs and headers (RFC 4648, section 5), without padding; and the other one (section
// 4), with padding, for what others than vsim have fixed.

#include <cstdint>
#include <optional>
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

/// With + and /, and padding.
std::string to_base64(std::span<const std::uint8_t> bytes);

/// The bytes of such a text; blanks and newlines in it do not count, since tools wrap it. Nothing
/// when it is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace vsim::http
