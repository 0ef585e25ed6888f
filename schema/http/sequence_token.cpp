#include "schema/http/sequence_token.h"

#include <algorithm>

#include "domain/decimal.h"

namespace vsim::http {
namespace {

constexpr std::size_t stream_characters_max = 32;

bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= stream_characters_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

}  // namespace

std::string encode_sequence(const SequenceToken& token) {
  return token.stream + ':' + std::to_string(token.sequence);
}

std::optional<SequenceToken> decode_sequence(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_stream_name(text.substr(0, colon))) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(colon + 1);
  const auto sequence = read_decimal(digits);
  if (!sequence) {
    return std::nullopt;
  }
  return SequenceToken{std::string(text.substr(0, colon)), *sequence};
}

}  // namespace vsim::http
