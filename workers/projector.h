#pragma once

// Role `projector`: projects EVENTS into the read models, each event once: rows and checkpoint are
// written in one transaction. One projector is active; others stand by, and take over when its
// session with Postgres ends. Killed at any instant it goes on at the checkpoint.

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "domain/catalogue.h"
#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/projection_writer.h"

namespace vsim::workers {

/// How a projection stands, for readiness and operators.
struct ProjectorStatus {
  bool ready = false;
  std::string reason;  // why not ready, or that it stands by
  bool active = false;
  StreamSequence checkpoint = 0;  // as far as this projector knows
  std::uint64_t lag = 0;          // events of the log behind it
};

/// Why a projection is held up.
struct Setback {
  enum class Kind {
    unavailable,  // Postgres or the broker is away: try again, ever more slowly
    moved,        // another projector wrote, or the tables are gone: begin anew at once
    stopped       // an operator has to look: try again slowly, never skip
  };
  Kind kind{};
  std::string reason;
};

class Projector {
 public:
  /// Called with each batch after its commit, when its outcomes can be read.
  using OnCommitted = std::function<void(std::span<const eventstore::Message> committed)>;

  struct Settings {
    std::string database_url;
    std::string schema_dir;  // missing tables are made from the files in it
  };

  /// `events` and `metrics` outlive the projector.
  Projector(eventstore::EventStore& events, Settings settings, Catalogue catalogue,
            OnCommitted on_committed, telemetry::Metrics& metrics);

  /// Until stopped. Never ends by itself: a failure shows in the status, the metrics and the log,
  /// and is retried.
  void run(std::stop_token stop);

  /// Any thread.
  ProjectorStatus status() const;

 private:
  using Messages = std::span<const eventstore::Message>;

  Setback project(std::stop_token stop);
  std::optional<Setback> become_active(read_model::ProjectionWriter& writer, std::stop_token stop);
  Setback follow(read_model::ProjectionWriter& writer, std::stop_token stop);
  std::optional<Setback> check_log();
  std::optional<Setback> check_next();
  std::optional<Setback> watch(read_model::ProjectionWriter& writer, bool idle);
  std::optional<Setback> apply(read_model::ProjectionWriter& writer, Messages messages);
  std::optional<Setback> write(read_model::ProjectionWriter& writer,
                               read_model::ProjectionBatch batch, Messages messages);
  void record_setback(const Setback& setback);
  void record_progress();
  void record_standby();

  eventstore::EventStore& events_;
  Settings settings_;
  Catalogue catalogue_;
  OnCommitted on_committed_;
  telemetry::Counter projected_;
  telemetry::Histogram batch_seconds_;
  telemetry::Gauge stopped_;
  // Of the running thread only:
  read_model::Checkpoint checkpoint_;
  StreamSequence log_end_ = 0;  // as last seen
  std::chrono::steady_clock::time_point log_checked_at_;
  std::chrono::milliseconds retry_after_;
  bool held_up_ = false;  // by a setback, and nothing has been written since

  mutable std::mutex mutex_;
  ProjectorStatus status_;  // guarded by mutex_
};

}  // namespace vsim::workers
