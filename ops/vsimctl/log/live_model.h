#pragma once

// Whether the live read models were made from this log. D49

#include "ops/vsimctl/connections.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::vsimctl {

struct LiveModel {
  enum class State {
    missing,   // there are no tables
    fits,      // they are of this log
    other_log  // the log does not hold the event that they stand at: it went backwards
  };
  State state = State::missing;
  read_model::Checkpoint checkpoint;
};

/// Compares the live checkpoint, if any, with the message at its sequence.
tl::expected<LiveModel, std::string> compare_with_log(
    const process::CommonSettings& settings, eventstore::EventStore& events,
    const std::optional<read_model::Checkpoint>& live);

}  // namespace vsim::vsimctl
