#pragma once

// What the texts that people give may consist of.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::messages {

/// Whether the text holds no control character (Unicode C0, DEL, C1), so that it cannot act on a
/// terminal or forge a line of a log. The text must be valid UTF-8, as what a JSON parser gives is.
bool is_printable(std::string_view text);

/// Code points of a text in valid UTF-8.
std::size_t characters(std::string_view text);

/// Why a text in valid UTF-8 is not printable with `least` to `most` characters, such as "must have
/// 1 to 64 characters, it has 65"; nothing when it is.
std::optional<std::string> complaint_about_text(std::string_view text, std::size_t least,
                                                std::size_t most);

}  // namespace vsim::messages
