#include "schema/messages/printable_text.h"

namespace vsim::messages {

bool is_printable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) {
      return false;
    }
    // U+0080 to U+009F, the C1 controls, are C2 80 to C2 9F.
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) {
      return false;
    }
  }
  return true;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }
  return count;
}

std::optional<std::string> complaint_about_text(std::string_view text, std::size_t least,
                                                std::size_t most) {
  const auto length = characters(text);
  if (length < least || length > most) {
    return "must have " + std::to_string(least) + " to " + std::to_string(most) +
           " characters, it has " + std::to_string(length);
  }
  if (!is_printable(text)) {
    return "must not hold control characters";
  }
  return std::nullopt;
}

}  // namespace vsim::messages
