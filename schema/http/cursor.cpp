#include "schema/http/cursor.h"

#include <array>
#include <cassert>
#include <cstdint>

#include "schema/http/base64url.h"

namespace vsim::http {
namespace {

constexpr std::size_t time_bytes = 8;
constexpr std::size_t bytes_count = time_bytes + 16;
using Bytes = std::array<std::uint8_t, bytes_count>;

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
  Bytes bytes{};
  if (!from_base64url(cursor, bytes)) {
    return std::nullopt;
  }
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < time_bytes; ++i) {
    time = time << 8 | bytes[i];
  }
  if (time > time_max) {
    return std::nullopt;
  }
  Uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    id.bytes[i] = bytes[time_bytes + i];
  }
  return read_model::ServerPosition{Instant(Duration(static_cast<std::int64_t>(time))),
                                    id.to_string()};
}

}  // namespace vsim::http
