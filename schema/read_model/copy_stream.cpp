#include "schema/read_model/copy_stream.h"

#include <stdexcept>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "domain/ids.h"
#include "schema/read_model/column_arrays.h"
#include "schema/read_model/long_statement.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::int64_t postgres_epoch_ms = 946'684'800'000;  // 2000-01-01
constexpr std::string_view copy_header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constexpr std::string_view ipv4_prefix("\x02\x20\x00\x04", 4);  // family, bits, no network, bytes

}  // namespace

void CopyStream::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

CopyStream::Type CopyStream::type_of(const Column& column) {
  const std::string_view type = column.type;
  if (type == "uuid") {
    return Type::uuid;
  }
  if (type == "bigint") {
    return Type::bigint;
  }
  if (type == "instant") {
    return Type::instant;
  }
  if (type == "text") {
    return Type::text;
  }
  if (type == "inet") {
    return Type::inet;
  }
  if (type == "jsonb") {
    return Type::jsonb;
  }
  throw std::logic_error(fmt::format("column {} cannot be copied as {}", column.name, type));
}

CopyStream::CopyStream(std::string url, std::vector<Type> types)
    : url_(std::move(url)), types_(std::move(types)), buffer_(copy_header) {
  buffer_.reserve(2 * buffer_bytes);
}

CopyStream::~CopyStream() {
  // Its end is talk with Postgres too.
  if (watch_) {
    watch_->begin(lock_limits.answer);
  }
  connection_.reset();
}

DbResult<std::unique_ptr<CopyStream>> CopyStream::begin(const std::string& url,
                                                        const std::string& schema,
                                                        const std::string& table,
                                                        std::span<const Column> columns) {
  std::vector<Type> types;
  for (const Column& column : columns) {
    types.push_back(type_of(column));
  }
  std::unique_ptr<CopyStream> stream(new CopyStream(url, std::move(types)));
  if (auto failure = stream->begin(schema + "." + table, columns)) {
    return tl::unexpected(*failure);
  }
  return stream;
}

std::optional<DatabaseError> CopyStream::begin(const std::string& table,
                                               std::span<const Column> columns) {
  connection_.reset(PQconnectdb(with_limits(url_).c_str()));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    return failure();
  }
  watch_.emplace(PQsocket(connection_.get()));
  // Rows of a table that was emptied in the same transaction can be stored as long visible.
  const bool begun = run(limits_sql(long_limits) +
                             "SET synchronous_commit TO off; SET client_encoding TO 'UTF8';"
                             " BEGIN; TRUNCATE " +
                             table,
                         PGRES_COMMAND_OK) &&
                     run(fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)", table,
                                     column_names(columns)),
                         PGRES_COPY_IN);
  return begun ? std::nullopt : std::optional(failure());
}

bool CopyStream::run(const std::string& sql, int wanted) {
  watch_->begin(long_limits.answer);
  PGresult* result = PQexec(connection_.get(), sql.c_str());
  watch_->end();
  const bool done = PQresultStatus(result) == wanted;
  if (const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
    state_ = state;
  }
  PQclear(result);
  return done;
}

DatabaseError CopyStream::failure() const {
  if (watch_ && watch_->cut()) {
    return no_answer();
  }
  const char* text = PQerrorMessage(connection_.get());
  auto failure = failure_of(state_, text);
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    failure.kind = DatabaseError::Kind::unavailable;
  }
  return failure;
}

template <typename Integer>
void CopyStream::put(Integer value) {
  for (int shift = 8 * static_cast<int>(sizeof(Integer)) - 8; shift >= 0; shift -= 8) {
    buffer_ += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
}

void CopyStream::put_bytes(std::string_view bytes) {
  put(static_cast<std::int32_t>(bytes.size()));
  buffer_ += bytes;
}

/// The type of the value that comes now; a row begins with its number of values.
CopyStream::Type CopyStream::next_value() {
  if (column_ == 0) {
    if (buffer_.size() >= buffer_bytes) {
      send();
    }
    put(static_cast<std::int16_t>(types_.size()));
  }
  const Type type = types_[column_];
  column_ = (column_ + 1) % types_.size();
  return type;
}

void CopyStream::text(std::string_view value) {
  switch (next_value()) {
    case Type::uuid: {
      const auto uuid = Uuid::parse(value);
      if (!uuid) {
        throw std::logic_error("no UUID: " + std::string(value));
      }
      return put_bytes({reinterpret_cast<const char*>(uuid->bytes.data()), uuid->bytes.size()});
    }
    case Type::inet: {
      const auto ip = Ipv4::parse(value);
      if (!ip) {
        throw std::logic_error("no IPv4 address: " + std::string(value));
      }
      put(static_cast<std::int32_t>(ipv4_prefix.size() + sizeof ip->bits));
      buffer_ += ipv4_prefix;
      return put(ip->bits);
    }
    case Type::jsonb: {
      std::string mended;
      const std::string_view fit = fit_text(value, mended);
      put(static_cast<std::int32_t>(fit.size() + 1));
      buffer_ += '\1';  // the version of this form
      buffer_ += fit;
      return;
    }
    case Type::text: {
      std::string mended;
      return put_bytes(fit_text(value, mended));
    }
    case Type::bigint:
    case Type::instant:
      break;
  }
  throw std::logic_error("a text came for a number");
}

void CopyStream::integer(std::int64_t value) {
  const Type type = next_value();
  put(std::int32_t{sizeof value});
  put(type == Type::instant ? (value - postgres_epoch_ms) * 1000 : value);
}

void CopyStream::null() {
  next_value();
  put(std::int32_t{-1});
}

void CopyStream::send() {
  watch_->begin(long_limits.answer);
  good_ = good_ &&
          PQputCopyData(connection_.get(), buffer_.data(), static_cast<int>(buffer_.size())) == 1;
  watch_->end();
  buffer_.clear();
}

/// A statement of its own: what prolongs the wait for it uses the watch, which finish() ends.
void CopyStream::end_copy() {
  watch_->begin(long_limits.answer);
  const LongStatement work(*watch_, PQbackendPID(connection_.get()), url_, long_limits);
  if (good_ && PQputCopyEnd(connection_.get(), nullptr) != 1) {
    good_ = false;
  }
  // Also after a failure: its reason comes as the result.
  while (PGresult* result = PQgetResult(connection_.get())) {
    good_ = good_ && PQresultStatus(result) == PGRES_COMMAND_OK;
    if (const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
      state_ = state;
    }
    PQclear(result);
  }
  watch_->end();
}

DbResult<void> CopyStream::finish() {
  put(std::int16_t{-1});  // the end
  send();
  end_copy();
  if (!good_ || !run("COMMIT", PGRES_COMMAND_OK)) {
    return tl::unexpected(failure());
  }
  watch_.reset();
  connection_.reset();
  return {};
}

}  // namespace vsim::read_model
