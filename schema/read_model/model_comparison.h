#pragma once

// Two read models of one log, table by table and row by row.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "schema/read_model/database.h"

namespace vsim::read_model {

/// The first place where two models differ.
struct ModelDifference {
  std::string table;
  std::string row;       // its key
  std::string column;    // empty: the row is only in one of them
  std::string expected;  // what the log makes of it
  std::string found;     // what is live
};

/// One thread.
class ModelComparison {
 public:
  /// The live model and the one in `schema`, both as they are now, whatever is written later.
  static DbResult<std::unique_ptr<ModelComparison>> begin(const std::string& owner_url,
                                                          const std::string& schema);
  ~ModelComparison();
  ModelComparison(const ModelComparison&) = delete;
  ModelComparison& operator=(const ModelComparison&) = delete;

  /// By the tables' names; none where they are equal. What is not made from EVENTS is left out:
  /// PENDING operations and JOURNAL's checkpoint.
  DbResult<std::optional<ModelDifference>> first_difference();

  /// Compared so far.
  std::uint64_t tables() const;
  std::uint64_t rows() const;

 private:
  struct Impl;
  explicit ModelComparison(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::read_model
