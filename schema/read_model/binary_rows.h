#pragma once

// The inside of this folder: rows as libpq gives them in Postgres' binary form, read by the words
// that session.h has for rows of libpqxx. The binary form saves both sides the texts of numbers,
// times and ids. D68

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <endian.h>
#include <libpq-fe.h>

#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim::read_model {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

/// A value of a row; valid as long as the result.
class BinaryField {
 public:
  BinaryField(const PGresult& result, int row, int column)
      : result_(&result), row_(row), column_(column) {}

  bool is_null() const { return PQgetisnull(result_, row_, column_) != 0; }
  std::string_view bytes() const {
    return {PQgetvalue(result_, row_, column_),
            static_cast<std::size_t>(PQgetlength(result_, row_, column_))};
  }

 private:
  const PGresult* result_;
  int row_;
  int column_;
};

/// A row; valid as long as the result.
class BinaryRow {
 public:
  BinaryRow(const PGresult& result, int row) : result_(&result), row_(row) {}
  BinaryField operator[](int column) const { return {*result_, row_, column}; }

 private:
  const PGresult* result_;
  int row_;
};

/// 2000-01-01, from which Postgres counts.
inline constexpr std::chrono::milliseconds postgres_epoch{946'684'800'000};

inline std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  if (bytes.size() == sizeof value) {  // nearly all
    std::memcpy(&value, bytes.data(), sizeof value);
    return static_cast<std::int64_t>(be64toh(value));
  }
  for (const char byte : bytes) {
    value = value << 8 | static_cast<std::uint8_t>(byte);
  }
  return static_cast<std::int64_t>(value);
}

/// Of text, and of the labels that are stored as text.
inline std::string_view view_of(const BinaryField& field) { return field.bytes(); }
inline std::string text_of(const BinaryField& field) { return std::string(field.bytes()); }

/// Of a bigint.
template <typename Integer>
Integer integer_of(const BinaryField& field) {
  return static_cast<Integer>(big_endian(field.bytes()));
}

/// Of a timestamptz: microseconds, of which the read models store whole milliseconds.
inline Instant instant_of(const BinaryField& field) {
  const std::chrono::microseconds since_epoch(big_endian(field.bytes()));
  return Instant{std::chrono::floor<Duration>(since_epoch) + postgres_epoch};
}

inline std::optional<Instant> optional_instant_of(const BinaryField& field) {
  return field.is_null() ? std::nullopt : std::optional(instant_of(field));
}

/// Of a uuid; empty for NULL.
inline std::string id_text_of(const BinaryField& field) {
  const std::string_view bytes = field.bytes();
  Uuid id;
  if (bytes.size() != id.bytes.size()) {
    return {};
  }
  bytes.copy(reinterpret_cast<char*>(id.bytes.data()), bytes.size());
  return id.to_string();
}

/// Of an inet that is one IPv4 address: family, bits, whether a network, how many bytes, these.
inline std::string address_text_of(const BinaryField& field) {
  constexpr std::size_t head = 4;
  const std::string_view bytes = field.bytes();
  const std::string_view address = bytes.substr(std::min(head, bytes.size()));
  return Ipv4{static_cast<std::uint32_t>(big_endian(address))}.to_string();
}

/// Of a jsonb: the version of this form, and the text.
inline std::string json_text_of(const BinaryField& field) {
  const std::string_view bytes = field.bytes();
  return std::string(bytes.substr(std::min<std::size_t>(1, bytes.size())));
}

}  // namespace vsim::read_model
