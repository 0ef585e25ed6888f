#pragma once

// EVENTS into read models in the making, up to wherever they shall stand.

#include <functional>

#include "ops/vsimctl/commands.h"
#include "ops/vsimctl/log_reader.h"
#include "ops/vsimctl/progress.h"
#include "schema/read_model/next_model.h"

namespace vsim::vsimctl {

class ModelFilling {
 public:
  /// Shown each event before it is written; its error ends the filling.
  using Look = std::function<Outcome(const LogChunk::Entry&)>;

  /// All outlive it.
  ModelFilling(const process::CommonSettings& settings, eventstore::EventStore& events,
               read_model::NextModel& model, Look look = {})
      : settings_(settings), events_(events), model_(model), look_(std::move(look)) {}

  /// The fast path, from the first event on.
  Outcome load(StreamSequence through, Progress& progress);

  /// What has come since.
  Outcome catch_up(StreamSequence through);

 private:
  Outcome add(LogChunk& chunk, read_model::ProjectionBatch& batch);

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  read_model::NextModel& model_;
  Look look_;
};

}  // namespace vsim::vsimctl
