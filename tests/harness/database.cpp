#include "tests/harness/database.h"

#include <stdexcept>

#include <pqxx/pqxx>

namespace harness {

std::vector<Row> query(const std::string& url, const std::string& sql) {
  pqxx::connection connection(url);
  pqxx::nontransaction work(connection);
  std::vector<Row> rows;
  for (const auto& found : work.exec(sql)) {
    Row row;
    for (const auto& field : found) {
      row.emplace_back(field.is_null() ? "NULL" : field.c_str());
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string query_value(const std::string& url, const std::string& sql) {
  const std::vector<Row> rows = query(url, sql);
  if (rows.size() != 1 || rows.front().size() != 1) {
    throw std::runtime_error("not exactly one value: " + sql);
  }
  return rows.front().front();
}

}  // namespace harness
