#pragma once

// Makes the tables of the read models from schema/postgres/NNN_name.sql, in order. What was applied
// is recorded inside the schema itself, so dropping the schema forgets everything and the next run
// starts from nothing: all of it can be projected again from EVENTS. D1

#include <string>
#include <string_view>
#include <vector>

#include "schema/read_model/database.h"

namespace vsim::read_model {

struct MigrationReport {
  std::vector<std::string> applied;  // file names, in order; empty: all was there
  std::string dropped_because;       // not empty: the schema was dropped first, and this is why
  std::string warning;               // something that did not stop it, for the operator
};

/// Applies what is missing, all or nothing, in one transaction. Safe to run at any time, and by
/// many at once: they take turns. `schema_dir` is the folder that holds postgres/. A recorded file
/// that has changed or is gone is an error (refused), and nothing is done. When a recorded table or
/// view is missing, the schema is dropped and made anew; say so loudly.
DbResult<MigrationReport> apply_migrations(const std::string& url, const std::string& schema_dir,
                                           std::string_view schema = read_model_schema);

/// Waits until nobody applies migrations, and keeps others from it until the transaction's end.
void lock_migrations(Transaction& tx);

}  // namespace vsim::read_model
