#include "schema/messages/json_writer.h"

namespace vsim::messages {

void JsonWriter::append_quoted(std::string_view value) {
  static constexpr char digits[] = "0123456789abcdef";
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
