#pragma once

// The inside of this folder: the first events of a log into empty tables. What no later event can
// change goes straight into its table, by COPY and without indexes; servers and addresses are
// folded in memory and go in as they are in the end. Memory grows with the servers that are billed
// and the addresses, not with the log.

#include <array>
#include <memory>
#include <string>

#include "schema/read_model/copy_stream.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/table_indexes.h"

namespace vsim::read_model {

/// One thread.
class BulkLoad {
 public:
  /// Takes the indexes off the tables of `schema` that it fills. More than `servers_in_memory`
  /// servers go into the table, and maybe again later.
  static DbResult<std::unique_ptr<BulkLoad>> begin(const std::string& url,
                                                   const std::string& schema,
                                                   std::size_t servers_in_memory);

  /// Takes out of the batch what it can write; the batch is then gone on with.
  DbResult<void> take(ProjectionBatch& batch);

  /// Takes the rest of those tables' rows, and puts their indexes back. What the batch still
  /// holds belongs into small tables.
  DbResult<void> finish(ProjectionBatch& batch);

 private:
  BulkLoad(const std::string& url, const std::string& schema, std::size_t servers_in_memory);
  std::array<CopyStream*, 5> streams() const;

  std::size_t servers_in_memory_;
  TableIndexes indexes_;
  std::unique_ptr<CopyStream> events_;
  std::unique_ptr<CopyStream> operations_;
  std::unique_ptr<CopyStream> servers_;
  std::unique_ptr<CopyStream> periods_;
  std::unique_ptr<CopyStream> addresses_;
  std::size_t running_periods_ = 0;  // after they were last looked through
};

}  // namespace vsim::read_model
