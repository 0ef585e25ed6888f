#pragma once

// How batches go into the tables: the columns, the arrays that carry rows, the statements.

#include <string>
#include <vector>

#include "schema/read_model/column_arrays.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

/// Their parameters: stream, previous sequence, next sequence, its hash, its command sequence, then
/// the arrays of the tables in the order below. Each gives one row when the checkpoint was moved.
// Events, servers, counts, operations, addresses, clock, watermarks, periods, ends of periods.
Statement apply_events_statement();
Statement apply_pending_statement();  // operations

/// The arrays for apply_events_statement().
std::vector<ColumnArrays> arrays_of(ProjectionBatch batch);

/// The arrays for apply_pending_statement().
ColumnArrays arrays_of(const std::vector<OperationRow>& operations);

}  // namespace vsim::read_model
