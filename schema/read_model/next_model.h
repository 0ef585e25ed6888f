#pragma once

// Read models in the making, in a schema beside the live one: for a rebuild, which swaps them in,
// or to be compared with the live ones. First load(), the fast path from the first event on, then
// finish_load(), then apply() as the projector does.

#include <memory>
#include <string>

#include "domain/catalogue.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/database.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::read_model {

inline constexpr const char* rebuild_schema = "vsim_next";
inline constexpr const char* comparison_schema = "vsim_verify";
inline constexpr std::size_t servers_in_memory_max = 100'000;

/// The URL under which a session acts as the database's owner: for a role that is its member but
/// does not inherit its rights, and must say so to change read models.
DbResult<std::string> as_owner(const std::string& url);

/// One thread. After an error only to be destroyed.
class NextModel {
 public:
  /// Makes the empty tables from the files in `schema_dir`; what a broken attempt has left in
  /// `schema` is dropped. Refused while another session makes it. Of `servers_in_memory` servers
  /// the last states are kept while the log is loaded; where there are more, they go into the
  /// table, and maybe again later.
  static DbResult<std::unique_ptr<NextModel>> begin(
      const std::string& owner_url, const std::string& schema_dir, const std::string& schema,
      const Catalogue& catalogue, std::size_t servers_in_memory = servers_in_memory_max);
  /// Drops the schema, unless it has been swapped in.
  ~NextModel();
  NextModel(const NextModel&) = delete;
  NextModel& operator=(const NextModel&) = delete;

  /// Takes rows out of the batch, which gathers the log from its first event on and keeps the rest.
  DbResult<void> load(ProjectionBatch& batch);

  /// Everything that was loaded is there, indexed, as of the checkpoint.
  DbResult<void> finish_load(ProjectionBatch batch, const Checkpoint& at);

  /// The events after the checkpoint; `batch` holds these only.
  DbResult<void> apply(ProjectionBatch batch, const Checkpoint& next);

  const Checkpoint& checkpoint() const;

 private:
  struct Impl;
  explicit NextModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::read_model
