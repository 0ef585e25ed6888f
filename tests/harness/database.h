#pragma once

// Queries of Postgres for tests, with the rows as texts. Throws what libpqxx throws.

#include <string>
#include <vector>

namespace harness {

using Row = std::vector<std::string>;  // NULL is the text "NULL"

/// Runs one statement on a connection of its own.
std::vector<Row> query(const std::string& url, const std::string& sql);

/// The one value of a query with one row and one column.
std::string query_value(const std::string& url, const std::string& sql);

}  // namespace harness
