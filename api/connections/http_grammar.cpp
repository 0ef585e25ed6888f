#include "api/connections/http_grammar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/connections/http_message.h"

namespace vsim::api {
namespace {

using Table = std::array<bool, 256>;

constexpr Table make_token_table() {
  Table table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

/// Field values (RFC 9110, 5.5): blanks, tabs, what can be seen, and bytes beyond ASCII.
constexpr Table make_value_table() {
  Table table{};
  for (std::size_t byte = 0x20; byte < table.size(); ++byte) {
    table[byte] = byte != 0x7F;
  }
  table['\t'] = true;
  return table;
}

constexpr Table token_characters = make_token_table();
constexpr Table value_characters = make_value_table();

bool all_in(const Table& table, std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
}

bool take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
    return token_characters[static_cast<unsigned char>(c)];
  });
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count > 0;
}

/// RFC 9110, 5.6.4.
bool take_quoted_string(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    i += text[i] == '\\' ? 1 : 0;
    if (i == text.size() || !value_characters[static_cast<unsigned char>(text[i])]) {
      return false;
    }
  }
  return false;
}

/// *( BWS ";" BWS name [ BWS "=" BWS value ] )
bool are_chunk_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_blanks(text);
    if (!text.starts_with(';')) {
      return false;
    }
    text.remove_prefix(1);
    skip_blanks(text);
    if (!take_token(text)) {
      return false;
    }
    std::string_view rest = text;
    skip_blanks(rest);
    if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      skip_blanks(rest);
      if (!(rest.starts_with('"') ? take_quoted_string(rest) : take_token(rest))) {
        return false;
      }
      text = rest;
    }
  }
  return true;
}

}  // namespace

bool is_token(std::string_view text) { return !text.empty() && all_in(token_characters, text); }

std::string_view trim_blanks(std::string_view text) {
  skip_blanks(text);
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool has_member(std::string_view list, std::string_view member) {
  while (true) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trim_blanks(list.substr(0, comma)), member)) {
      return true;
    }
    if (comma == list.size()) {
      return false;
    }
    list.remove_prefix(comma + 1);
  }
}

tl::expected<std::pair<std::string_view, std::string_view>, Complaint> read_field_line(
    std::string_view line) {
  if (!line.empty() && is_blank(line.front())) {
    return tl::unexpected<Complaint>(
        "a header's line begins with a blank; send each header on one line of its own");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return tl::unexpected<Complaint>("a header has no colon; send NAME: VALUE");
  }
  const std::string_view name = line.substr(0, colon);
  if (!name.empty() && is_blank(name.back())) {
    return tl::unexpected<Complaint>("a header has a blank before its colon; send NAME: VALUE");
  }
  if (!is_token(name)) {
    return tl::unexpected<Complaint>(
        "a header's name is empty or holds other characters than letters, digits and "
        "!#$%&'*+-.^_`|~; send NAME: VALUE");
  }
  const std::string_view value = line.substr(colon + 1);
  if (!all_in(value_characters, value)) {
    return tl::unexpected<Complaint>("a header's value holds a control character; take it out");
  }
  return std::pair(name, trim_blanks(value));
}

std::optional<std::uint64_t> read_chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const auto digits = static_cast<std::size_t>(end - line.data());
  if (error != std::errc{} || !are_chunk_extensions(line.substr(digits))) {
    return std::nullopt;
  }
  return size;
}

}  // namespace vsim::api
