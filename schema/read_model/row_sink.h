#pragma once

// Where rows go, value by value: one row after the other, each in the order of the columns.

#include <cstdint>
#include <string_view>

namespace vsim::read_model {

/// A column of a table. `type` is an SQL type; "instant" comes as Unix milliseconds.
struct Column {
  const char* name;
  const char* type;
};

/// Takes the values of rows. One thread.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void text(std::string_view value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void null() = 0;
  /// None where the text is empty.
  void text_or_null(std::string_view value) { value.empty() ? null() : text(value); }
};

}  // namespace vsim::read_model
