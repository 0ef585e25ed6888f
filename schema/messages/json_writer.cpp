#include "schema/messages/json_writer.h"

#include <cstring>

namespace vsim::messages {
namespace {

constexpr std::uint64_t in_each_byte(std::uint8_t byte) { return 0x0101010101010101U * byte; }

/// Whether one of eight characters is below `limit`, which is 0x80 at most. (Exact for the lowest
/// such byte; a byte above it may seem to be one by a borrow, but then there is one.)
constexpr std::uint64_t any_below(std::uint64_t word, std::uint8_t limit) {
  return (word - in_each_byte(limit)) & ~word & in_each_byte(0x80);
}

/// Whether JSON takes the text as it is: no control character, quote or backslash. Eight characters
/// at a time, since nearly every text is clean.
bool is_clean(std::string_view text) {
  std::uint64_t found = 0;
  const auto look_at = [&found](std::uint64_t word) {
    found |= any_below(word, 0x20) | any_below(word ^ in_each_byte('"'), 1) |
             any_below(word ^ in_each_byte('\\'), 1);
  };
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    look_at(word);
    text.remove_prefix(sizeof word);
  }
  word = in_each_byte(' ');
  std::memcpy(&word, text.data(), text.size());
  look_at(word);
  return found == 0;
}

}  // namespace

void JsonWriter::append_quoted(std::string_view value) {
  static constexpr char digits[] = "0123456789abcdef";
  if (is_clean(value)) {
    text_ += '"';
    text_ += value;
    text_ += '"';
    return;
  }
  text_ += '"';
  std::size_t clean = 0;  // where the stretch that needs no escape begins
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    text_.append(value, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
      case '\\':
        text_ += '\\';
        text_ += static_cast<char>(c);
        break;
      case '\n':
        text_ += "\\n";
        break;
      case '\t':
        text_ += "\\t";
        break;
      case '\r':
        text_ += "\\r";
        break;
      default:
        text_ += "\\u00";
        text_ += digits[c >> 4];
        text_ += digits[c & 0xf];
    }
  }
  text_.append(value, clean);
  text_ += '"';
}

}  // namespace vsim::messages
