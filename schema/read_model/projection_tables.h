#pragma once

// The inside of this folder: how batches go into the tables, each by a single statement that moves
// the checkpoint too.

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "domain/catalogue.h"
#include "schema/read_model/batch_statement.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

/// The statements of the functions below the class, to be prepared first.
std::vector<Statement> projection_statements();

/// Writes batches of EVENTS through one session, and ends with it.
class BatchWriter {
 public:
  /// Prepares a statement for each shape of batch that comes, up to so many: Postgres keeps a plan
  /// for each. The shapes that come later go by one that takes any. // D70
  explicit BatchWriter(std::size_t shapes_max = 128) : shapes_max_(shapes_max) {}

  /// Writes a batch and moves the checkpoint, if it still stands at `previous`; false: it does not,
  /// and nothing counts. In a transaction block where the batch has `pool_ranges`, else best in
  /// none: it is one statement then.
  bool apply(Transaction& tx, const ProjectionBatch& batch, StreamSequence previous,
             const Checkpoint& next);

 private:
  /// The shape of the statement that the batch goes by; it is prepared.
  BatchShape prepare_for(Transaction& tx, const ProjectionBatch& batch);

  std::size_t shapes_max_;
  std::unordered_set<std::string> prepared_;
};

/// One row a command, in the order of ids: that of its last copy, PENDING since its first. The ids
/// are those of `operations`, which outlive it.
std::map<std::string_view, OperationRow> last_of_each(const std::vector<OperationRow>& operations);

/// The same for JOURNAL: rows that are there stay as they are, but what was left undone, and waits
/// again as a later copy, is PENDING again.
bool apply_pending(Transaction& tx, const std::vector<OperationRow>& operations,
                   StreamSequence previous, const Checkpoint& next);

/// Makes `regions` and `instance_types` hold what the catalogue does; in a transaction block.
void put_catalogue(Transaction& tx, const Catalogue& catalogue);

}  // namespace vsim::read_model
