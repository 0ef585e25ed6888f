#pragma once

// Fills new read models from EVENTS, up to a given event. D24

#include <functional>

#include "ops/vsimctl/log/log_reader.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/progress.h"
#include "schema/read_model/next_model.h"

namespace vsim::vsimctl {

class ModelFilling {
 public:
  /// Called with each event before it is written; its error ends the filling.
  using Look = std::function<tl::expected<void, std::string>(const LogChunk::Entry&)>;

  /// All outlive it.
  ModelFilling(const process::CommonSettings& settings, eventstore::EventStore& events,
               read_model::NextModel& model, Look look = {})
      : settings_(settings), events_(events), model_(model), look_(std::move(look)) {}

  /// The fast path, from the first event on.
  tl::expected<void, std::string> load(StreamSequence through, Progress& progress);

  /// The events that have come since.
  tl::expected<void, std::string> catch_up(StreamSequence through);

 private:
  tl::expected<void, std::string> add(LogChunk& chunk, read_model::ProjectionBatch& batch);

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  read_model::NextModel& model_;
  Look look_;
};

}  // namespace vsim::vsimctl
