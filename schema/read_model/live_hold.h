#pragma once

// The live read models held still, for as long as it takes to bring others to the same event and to
// swap them in: projectors wait, reads go on.

#include <memory>
#include <optional>
#include <string>

#include "schema/read_model/checkpoint.h"
#include "schema/read_model/database.h"
#include "schema/read_model/wait_limits.h"

namespace vsim::read_model {

/// The live model's checkpoint in EVENTS; none where the tables are not there.
DbResult<std::optional<Checkpoint>> live_checkpoint(const std::string& url);

/// One thread. Ends with the object.
class LiveHold {
 public:
  /// Waits a few seconds for what is being written, then gives up. Held for as long as the process
  /// runs; where it is stopped, or gone, Postgres ends the hold after `limits.idle`.
  static DbResult<std::unique_ptr<LiveHold>> take(const std::string& owner_url,
                                                  const WaitLimits& limits = long_limits);
  ~LiveHold();
  LiveHold(const LiveHold&) = delete;
  LiveHold& operator=(const LiveHold&) = delete;

  /// Where the live model stands; none where there is none.
  const std::optional<Checkpoint>& checkpoint() const;

  /// Puts `schema` in the live one's place, in one transaction. With `pending`, operations that
  /// have no outcome yet come along, and how far JOURNAL has been read; without, or where they
  /// cannot be read, the projector reads JOURNAL anew. The hold has ended then; what was live is
  /// left as schema vsim_old.
  DbResult<void> swap_in(const std::string& schema, bool pending);

 private:
  struct Impl;
  explicit LiveHold(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Drops vsim_old, waiting for reads that began before the swap; false: some still run.
DbResult<bool> drop_replaced_model(const std::string& owner_url);

}  // namespace vsim::read_model
