#pragma once

// SHA-256, as bytes and as text, and HMAC over it (RFC 2104).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::messages {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256_of(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

std::string to_hex(const Sha256& digest);  // 64 digits, in lower case
std::string sha256_hex(std::string_view bytes);
/// Nothing unless the text is what to_hex() writes.
std::optional<Sha256> sha256_from_hex(std::string_view text);

}  // namespace vsim::messages
