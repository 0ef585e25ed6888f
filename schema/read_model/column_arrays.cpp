#include "schema/read_model/column_arrays.h"

#include <charconv>

#include <fmt/format.h>

#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

bool is_instant(const Column& column) { return std::string_view(column.type) == "instant"; }

const char* parameter_type(const Column& column) {
  return is_instant(column) ? "bigint" : column.type;
}

}  // namespace

void ColumnArray::text(std::string_view value) {
  separate();
  std::string storage;
  text_ += '"';
  for (const char c : fit_text(value, storage)) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
    }
    text_ += c;
  }
  text_ += '"';
}

void ColumnArray::integer(std::int64_t value) {
  separate();
  char digits[24];
  text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void ColumnArray::null() {
  separate();
  text_ += "NULL";
}

std::string ColumnArray::take() {
  if (text_.empty()) {
    return "{}";
  }
  text_ += '}';
  return std::move(text_);
}

namespace {

/// "a, (to_timestamp(b / 1000) + ...)": the columns' values, where `name_of` says what they are
/// before an instant is made of its milliseconds.
template <typename NameOf>
std::string values_sql(std::span<const Column> columns, NameOf name_of) {
  std::string values;
  for (const Column& column : columns) {
    const std::string name = name_of(column);
    values += fmt::format("{}{}", values.empty() ? "" : ", ",
                          is_instant(column) ? moment_sql(name) : name);
  }
  return values;
}

}  // namespace

std::string select_arrays(std::span<const Column> columns, int first_parameter) {
  std::string arrays;
  for (const Column& column : columns) {
    arrays += fmt::format("{}${}::{}[]", arrays.empty() ? "" : ", ", first_parameter++,
                          parameter_type(column));
  }
  const auto values =
      values_sql(columns, [](const Column& column) { return fmt::format("new.{}", column.name); });
  return fmt::format("SELECT {} FROM moved, unnest({}) AS new({})", values, arrays,
                     column_names(columns));
}

std::string select_few(std::span<const Column> columns, int first_parameter) {
  const int first = first_parameter;
  const auto values = values_sql(columns, [&](const Column& column) {
    return fmt::format("(${}::{}[])[i]", first_parameter++, parameter_type(column));
  });
  return fmt::format("SELECT {} FROM moved, generate_series(1, cardinality(${}::{}[])) AS i",
                     values, first, parameter_type(columns.front()));
}

std::string select_values(std::span<const Column> columns, int first_parameter) {
  const auto values = values_sql(columns, [&](const Column& column) {
    return fmt::format("${}::{}", first_parameter++, parameter_type(column));
  });
  return fmt::format("SELECT {} FROM moved", values);
}

std::string column_names(std::span<const Column> columns) {
  std::string names;
  for (const Column& column : columns) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
  }
  return names;
}

std::string overwrite_all(std::span<const Column> columns, std::size_t keys) {
  std::string assignments;
  for (const Column& column : columns.subspan(keys)) {
    assignments += fmt::format("{}{} = excluded.{}", assignments.empty() ? "" : ", ", column.name,
                               column.name);
  }
  return assignments;
}

}  // namespace vsim::read_model
