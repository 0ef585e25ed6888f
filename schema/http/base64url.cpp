#include "schema/http/base64url.h"

#include <algorithm>

namespace vsim::http {
namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string to_base64url(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(base64url_characters(bytes.size()));
  std::uint32_t bits = 0;  // of which the last `count` are still to be written
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) {
      text += digits[bits >> (count - 6) & 63];
    }
  }
  if (count > 0) {
    text += digits[bits << (6 - count) & 63];
  }
  return text;
}

bool from_base64url(std::string_view text, std::span<std::uint8_t> into) {
  if (text.size() != base64url_characters(into.size())) {
    return false;
  }
  std::uint32_t bits = 0;
  int count = 0;  // of bits that are read and in no byte yet
  std::size_t next = 0;
  for (const char c : text) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) {
      return false;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      into[next++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  return (bits & ((1U << count) - 1)) == 0;  // else two texts would mean the same
}

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text = to_base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text.append((4 - text.size() % 4) % 4, '=');
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string for_url;  // the same as base64url writes it
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      continue;
    }
    if (c == '=') {
      ++padding;
      continue;
    }
    if (padding > 0 || c == '-' || c == '_') {
      return std::nullopt;
    }
    for_url += c == '+' ? '-' : c == '/' ? '_' : c;
  }
  if (padding > 2 || (for_url.size() + padding) % 4 != 0) {
    return std::nullopt;
  }
  std::string bytes(for_url.size() * 3 / 4, '\0');
  const auto into = std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  return from_base64url(for_url, into) ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace vsim::http
