#include "schema/read_model/column_arrays.h"

#include <charconv>

#include <fmt/format.h>

#include "schema/read_model/session.h"

namespace vsim::read_model {

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

std::string select_from_arrays(std::span<const Column> columns, int first_parameter) {
  std::string values;
  std::string arrays;
  for (const Column& column : columns) {
    const std::string_view separator = values.empty() ? "" : ", ";
    const bool instant = std::string_view(column.type) == "instant";
    values += instant
                  ? fmt::format("{}{}", separator, moment_sql(fmt::format("new.{}", column.name)))
                  : fmt::format("{}new.{}", separator, column.name);
    arrays +=
        fmt::format("{}${}::{}[]", separator, first_parameter++, instant ? "bigint" : column.type);
  }
  return fmt::format("SELECT {} FROM moved, unnest({}) AS new({})", values, arrays,
                     column_names(columns));
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
