#pragma once

// The inside of this folder: the first events of a log into empty tables. What no later event can
// change goes straight into its table, by COPY and without indexes; servers are folded in memory
// and go in as they are in the end. Memory grows with the servers that are billed, not with the
// log.

#include <memory>
#include <string>
#include <vector>

#include "schema/read_model/copy_stream.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::read_model {

/// One thread.
class BulkLoad {
 public:
  /// Takes the indexes off the tables of `schema` that it fills.
  static DbResult<std::unique_ptr<BulkLoad>> begin(const std::string& url,
                                                   const std::string& schema);

  /// Takes out of the batch what it can write; the batch is then gone on with.
  DbResult<void> take(ProjectionBatch& batch);

  /// Takes the rest of those tables' rows, and puts their indexes back. What the batch still
  /// holds belongs into small tables.
  DbResult<void> finish(ProjectionBatch& batch);

 private:
  BulkLoad(std::string url, std::string schema)
      : url_(std::move(url)), schema_(std::move(schema)) {}
  DbResult<void> take_indexes_off();
  DbResult<void> put_indexes_back();
  DbResult<void> keep_last(const char* table, const char* key, const char* order);
  bool good() const;

  std::string url_;
  std::string schema_;
  std::vector<std::string> index_definitions_;  // statements
  std::unique_ptr<CopyStream> events_;
  std::unique_ptr<CopyStream> operations_;
  std::unique_ptr<CopyStream> periods_;
  std::unique_ptr<CopyStream> servers_;
  std::size_t running_periods_ = 0;  // after they were last looked through
  bool spilled_ = false;             // servers may have gone in more than once
};

}  // namespace vsim::read_model
