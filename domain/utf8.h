#pragma once

// How text that may be no UTF-8 is taken apart, where its bad bytes are replaced. Whether a text is
// UTF-8 at all, simdjson::validate_utf8 says faster.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vsim {

/// Bytes of the well-formed character (Unicode 15, table 3-7) that `text` begins with; 0 when it
/// begins with none, or is empty.
constexpr std::size_t utf8_character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (text.empty()) {
    return 0;
  }
  const std::uint8_t first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool too_high = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || too_high ? 0 : length;
}

}  // namespace vsim
