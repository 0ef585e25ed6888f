#pragma once

// The one writer of the read models. A batch goes in whole, with the checkpoint that says so, or
// not at all: one statement, one round trip, one transaction.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/catalogue.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/database.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::read_model {

/// Which projection a writer does; each has its checkpoint and its lock.
enum class Projection { events, journal };

/// A session with Postgres that holds, once it got it, the lock of the active projector: whoever
/// loses the session loses the lock. One thread. After an error of kind `unavailable` make a new
/// one; what was being written may or may not be there, and the checkpoint tells.
class ProjectionWriter {
 public:
  static DbResult<std::unique_ptr<ProjectionWriter>> open(const std::string& url,
                                                          Projection projection);
  ~ProjectionWriter();
  ProjectionWriter(const ProjectionWriter&) = delete;
  ProjectionWriter& operator=(const ProjectionWriter&) = delete;

  /// Whether this session is the active projector now. Does not wait.
  DbResult<bool> try_lock();

  /// The projection's checkpoint; at sequence 0 when nothing has been projected.
  DbResult<Checkpoint> checkpoint();

  /// Writes the batch and moves the checkpoint, if it still stands at `previous`; false: another
  /// projector moved it, and nothing was written.
  DbResult<bool> apply(ProjectionBatch batch, StreamSequence previous, const Checkpoint& next);

  /// The same for commands that have been accepted: rows that are there stay as they are,
  /// but those of which a later copy waits that were left undone.
  DbResult<bool> apply_pending(const std::vector<OperationRow>& operations, StreamSequence previous,
                               const Checkpoint& next);

  /// Makes `regions` and `instance_types` hold what the catalogue does and nothing else.
  DbResult<void> put_catalogue(const Catalogue& catalogue);

 private:
  struct Impl;
  explicit ProjectionWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::read_model
