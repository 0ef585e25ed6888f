#pragma once

// Projects accepted commands from JOURNAL as PENDING operations. It lags on purpose: most commands
// have their outcome by then, and an outcome is never overwritten. Only GET /operations of commands
// that still wait depends on it. D11

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/projection_writer.h"
#include "workers/projector.h"

namespace vsim::workers {

class JournalProjector {
 public:
  /// `queue` is COMMANDS. It, `journal` and `metrics` outlive it. The tables are the other
  /// projector's to make.
  JournalProjector(eventstore::EventStore& journal, eventstore::EventStore& queue,
                   std::string database_url, telemetry::Metrics& metrics);

  /// Until stopped. A failure shows in the status and is retried.
  void run(std::stop_token stop);

  /// Any thread. `lag` is not measured.
  ProjectorStatus status() const;

 private:
  Setback project(std::stop_token stop);
  Setback follow(read_model::ProjectionWriter& writer, std::stop_token stop);
  std::optional<Setback> check_journal(read_model::ProjectionWriter& writer);
  eventstore::Result<bool> is_the_same_journal();
  std::optional<Setback> begin_anew(read_model::ProjectionWriter& writer);
  void add_row(std::vector<read_model::OperationRow>& rows, const eventstore::Message& command);
  std::optional<Setback> check_checkpoint(read_model::ProjectionWriter& writer);
  eventstore::Result<std::vector<eventstore::Message>> gather(eventstore::Follower& follower,
                                                              std::stop_token stop);
  std::optional<Setback> apply(read_model::ProjectionWriter& writer,
                               const std::vector<eventstore::Message>& messages);
  /// Rows and the checkpoint that they end at, which is ours from then on.
  std::optional<Setback> write(read_model::ProjectionWriter& writer,
                               const std::vector<read_model::OperationRow>& rows,
                               const read_model::Checkpoint& next);
  void set_status(ProjectorStatus status);

  eventstore::EventStore& journal_;
  eventstore::EventStore& queue_;
  std::string database_url_;
  telemetry::Counter unreadable_;
  read_model::Checkpoint checkpoint_;  // of the running thread only

  mutable std::mutex mutex_;
  ProjectorStatus status_;  // guarded by mutex_
};

}  // namespace vsim::workers
