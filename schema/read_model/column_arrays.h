#pragma once

// Rows on their way into a table, column by column: one statement takes a whole batch as arrays.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/read_model/row_sink.h"

namespace vsim::read_model {

/// One column as the text of a Postgres array.
class ColumnArray {
 public:
  void text(std::string_view value);
  void integer(std::int64_t value);
  void null();

  /// The whole array, "{...}". Nothing may be added afterwards.
  std::string take();

 private:
  void separate() { text_ += text_.empty() ? '{' : ','; }
  std::string text_;
};

/// "SELECT a, (to_timestamp(...) + ...) FROM moved, unnest($5::uuid[], ...) AS new(a, ...)": the
/// rows that come as the parameters from `first_parameter` on, if the one row of `moved` is there.
std::string select_arrays(std::span<const Column> columns, int first_parameter);

/// The same rows by "(($5::uuid[])[i]), ... generate_series(...) AS i": quicker for a handful.
std::string select_few(std::span<const Column> columns, int first_parameter);

/// "SELECT $5::uuid, ... FROM moved": one row, a parameter for each value.
std::string select_values(std::span<const Column> columns, int first_parameter);

/// "a, b, c"
std::string column_names(std::span<const Column> columns);

/// "a = excluded.a, ..." for all but the first `keys` columns.
std::string overwrite_all(std::span<const Column> columns, std::size_t keys);

/// The arrays of all columns, filled row by row: each value goes to the next column.
class ColumnArrays : public RowSink {
 public:
  explicit ColumnArrays(std::size_t columns) : arrays_(columns) {}

  void text(std::string_view value) override { next().text(value); }
  void integer(std::int64_t value) override { next().integer(value); }
  void null() override { next().null(); }

  std::vector<ColumnArray>& arrays() { return arrays_; }

 private:
  ColumnArray& next() {
    ColumnArray& array = arrays_[column_];
    column_ = (column_ + 1) % arrays_.size();
    return array;
  }
  std::vector<ColumnArray> arrays_;
  std::size_t column_ = 0;
};

}  // namespace vsim::read_model
