#pragma once

// The inside of this folder: how batches go into the tables, each by a single statement that moves
// the checkpoint too.

#include <string>
#include <vector>

#include "domain/catalogue.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

/// The statements of the functions below, to be prepared first.
std::vector<Statement> projection_statements();

/// Writes a batch of EVENTS and moves the checkpoint, if it still stands at `previous`; false: it
/// does not, and nothing counts. In a transaction block where the batch has `pool_ranges`, else
/// best in none: it is one statement then.
bool apply_batch(Transaction& tx, ProjectionBatch batch, StreamSequence previous,
                 const Checkpoint& next);

/// The same for JOURNAL: rows that are there stay as they are, but what was left undone, and waits
/// again as a later copy, is PENDING again.
bool apply_pending(Transaction& tx, const std::vector<OperationRow>& operations,
                   StreamSequence previous, const Checkpoint& next);

/// SQL: whether one row of `operations` has no outcome for good, and the other is of a later copy
/// of its command. Both are names of tables or their aliases.
std::string left_undone(const std::string& earlier, const std::string& later);

/// Makes `regions` and `instance_types` hold what the catalogue does; in a transaction block.
void put_catalogue(Transaction& tx, const Catalogue& catalogue);

}  // namespace vsim::read_model
