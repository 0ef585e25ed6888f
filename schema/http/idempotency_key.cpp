#include "schema/http/idempotency_key.h"

#include <optional>

#include "schema/http/write_requests.h"

namespace vsim::http {
namespace {

/// The text between the quotes; nothing when it does not end, or goes on behind them.
std::optional<std::string> unquoted(std::string_view field) {
  std::string text;
  for (std::size_t i = 1; i < field.size(); ++i) {
    if (field[i] == '"') {
      return i + 1 == field.size() ? std::optional(std::move(text)) : std::nullopt;
    }
    if (field[i] == '\\') {
      ++i;  // only quotes and backslashes may be escaped
      if (i == field.size() || (field[i] != '"' && field[i] != '\\')) {
        return std::nullopt;
      }
    }
    text += field[i];
  }
  return std::nullopt;
}

std::optional<std::string> bare(std::string_view field) {
  return field.find('"') == field.npos ? std::optional<std::string>(field) : std::nullopt;
}

}  // namespace

tl::expected<std::string, std::string> read_idempotency_key(std::string_view field) {
  auto key = field.starts_with('"') ? unquoted(field) : bare(field);
  if (!key || !is_header_word(*key, idempotency_key_characters_max)) {
    return tl::unexpected("Idempotency-Key must be 1 to " +
                          std::to_string(idempotency_key_characters_max) +
                          " printable ASCII characters, in quotes or without any");
  }
  return std::move(*key);
}

}  // namespace vsim::http
