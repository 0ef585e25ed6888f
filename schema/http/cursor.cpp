#include "schema/http/cursor.h"

#include <array>
#include <cassert>
#include <cstdint>

namespace vsim::http {
namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t time_bytes = 8;
constexpr std::size_t bytes_count = time_bytes + 16;
constexpr std::size_t characters_count = bytes_count / 3 * 4;
using Bytes = std::array<std::uint8_t, bytes_count>;

std::string to_base64url(const Bytes& bytes) {
  std::string text;
  text.reserve(characters_count);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 |
                                std::uint32_t{bytes[i + 2]};
    for (int shift = 18; shift >= 0; shift -= 6) {
      text += digits[three >> shift & 63];
    }
  }
  return text;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  if (text.size() != characters_count) {
    return std::nullopt;
  }
  Bytes bytes{};
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t three = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t value = digits.find(text[i + j]);
      if (value == std::string_view::npos) {
        return std::nullopt;
      }
      three = three << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t j = 0; j < 3; ++j) {
      bytes[i / 4 * 3 + j] = static_cast<std::uint8_t>(three >> (16 - 8 * j));
    }
  }
  return bytes;
}

}  // namespace

std::string encode_cursor(const read_model::ServerPosition& position) {
  const auto id = Uuid::parse(position.id);
  assert(id);
  const auto time = static_cast<std::uint64_t>(position.created_at.time_since_epoch().count());
  Bytes bytes{};
  for (std::size_t i = 0; i < time_bytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(time >> (56 - 8 * i));
  }
  for (std::size_t i = 0; i < id->bytes.size(); ++i) {
    bytes[time_bytes + i] = id->bytes[i];
  }
  return to_base64url(bytes);
}

std::optional<read_model::ServerPosition> decode_cursor(std::string_view cursor) {
  // Years 1970 to 9999, which is what Postgres and RFC 3339 hold too.
  constexpr std::uint64_t time_max = 253'402'300'799'999;
  const auto bytes = from_base64url(cursor);
  if (!bytes) {
    return std::nullopt;
  }
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < time_bytes; ++i) {
    time = time << 8 | (*bytes)[i];
  }
  if (time > time_max) {
    return std::nullopt;
  }
  Uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = (*bytes)[time_bytes + i];
  }
  return read_model::ServerPosition{Instant(Duration(static_cast<std::int64_t>(time))),
                                    id.to_string()};
}

}  // namespace vsim::http
