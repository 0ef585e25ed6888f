#pragma once

// The inside of this folder: a stream of rows into one table, by COPY in its binary form, which
// saves both sides the texts. On a connection of its own, of libpq: libpqxx 6 takes rows as lists
// of strings only.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/read_model/database.h"
#include "schema/read_model/row_sink.h"
#include "schema/read_model/socket_watch.h"

struct pg_conn;

namespace vsim::read_model {

/// One thread. Nothing of it can be seen before finish(), and nothing stays without it.
class CopyStream : public RowSink {
 public:
  /// Empties the table `schema`.`table`, and begins. Column types: uuid, bigint, instant, text,
  /// inet (one IPv4 address), jsonb.
  static DbResult<std::unique_ptr<CopyStream>> begin(const std::string& url,
                                                     const std::string& schema,
                                                     const std::string& table,
                                                     std::span<const Column> columns);
  ~CopyStream() override;
  CopyStream(const CopyStream&) = delete;
  CopyStream& operator=(const CopyStream&) = delete;

  void text(std::string_view value) override;
  void integer(std::int64_t value) override;
  void null() override;

  /// Whether all rows have come through so far; finish() says what went wrong.
  bool good() const { return good_; }

  /// Ends the stream and commits. Nothing may be added afterwards.
  DbResult<void> finish();

 private:
  enum class Type { uuid, bigint, instant, text, inet, jsonb };
  struct Close {
    void operator()(pg_conn* connection) const;
  };

  CopyStream(std::string url, std::vector<Type> types);
  std::optional<DatabaseError> begin(const std::string& table, std::span<const Column> columns);
  bool run(const std::string& sql, int wanted);
  DatabaseError failure() const;
  static Type type_of(const Column& column);
  Type next_value();
  void put_bytes(std::string_view bytes);  // with their length in front
  template <typename Integer>
  void put(Integer value);
  void send();
  void end_copy();

  std::string url_;
  std::vector<Type> types_;
  std::unique_ptr<pg_conn, Close> connection_;
  std::optional<SocketWatch> watch_;  // ends first
  std::size_t column_ = 0;
  std::string buffer_;
  std::string state_;  // SQLSTATE of the last error
  bool good_ = true;
};

}  // namespace vsim::read_model
