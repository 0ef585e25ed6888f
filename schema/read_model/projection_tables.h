#pragma once

// The inside of this folder: how batches go into the tables, each by a single statement that moves
// the checkpoint too.

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

/// The same for JOURNAL: rows that are there stay as they are.
bool apply_pending(Transaction& tx, const std::vector<OperationRow>& operations,
                   StreamSequence previous, const Checkpoint& next);

/// Makes `regions` and `instance_types` hold what the catalogue does; in a transaction block.
void put_catalogue(Transaction& tx, const Catalogue& catalogue);

}  // namespace vsim::read_model
