#pragma once

// The inside of this folder: indexes of tables that are loaded, taken off before and put back
// afterwards. Postgres builds an index of rows that are there several times faster than it adds
// them row by row.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/read_model/database.h"

namespace vsim::read_model {

/// Columns of a table whose rows may come more than once: of those with the same `key` the one with
/// the highest `order` stays.
struct Repeats {
  std::string key;
  std::string order;
};

struct LoadedTable {
  std::string name;
  std::optional<Repeats> repeats;
  std::vector<std::string> index_definitions = {};  // statements; constraints come first
};

/// One thread.
class TableIndexes {
 public:
  /// `tables` of `schema`, those first whose indexes take longest.
  TableIndexes(std::string url, std::string schema, std::vector<LoadedTable> tables)
      : url_(std::move(url)), schema_(std::move(schema)), tables_(std::move(tables)) {}

  DbResult<void> take_off();

  /// Also gathers what the planner knows of the tables. Works on two tables at once.
  DbResult<void> put_back() const;

 private:
  std::string url_;
  std::string schema_;
  std::vector<LoadedTable> tables_;
};

}  // namespace vsim::read_model
