#include "schema/read_model/column_arrays.h"

#include <charconv>

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
    const bool instant = std::string_view(column.type) == "instant";
    const std::string name = std::string("new.") + column.name;
    values += values.empty() ? "" : ", ";
    values += instant ? "to_timestamp(" + name + " / 1000.0::float8)" : name;
    arrays += arrays.empty() ? "" : ", ";
    arrays +=
        "$" + std::to_string(first_parameter++) + "::" + (instant ? "bigint" : column.type) + "[]";
  }
  return "SELECT " + values + " FROM moved, unnest(" + arrays + ") AS new(" +
         column_names(columns) + ")";
}

std::string column_names(std::span<const Column> columns) {
  std::string names;
  for (const Column& column : columns) {
    names += (names.empty() ? "" : ", ") + std::string(column.name);
  }
  return names;
}

std::string overwrite_all(std::span<const Column> columns, std::size_t keys) {
  std::string assignments;
  for (const Column& column : columns.subspan(keys)) {
    assignments +=
        (assignments.empty() ? "" : ", ") + std::string(column.name) + " = excluded." + column.name;
  }
  return assignments;
}

}  // namespace vsim::read_model
