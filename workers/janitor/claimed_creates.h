#pragma once

// Creates of which the log has the claim of an address and nothing else. Mostly they wait in the
// queue, to be delivered again after a worker's death. But where EVENTS was restored from a copy
// that ends behind the claim, the create was done, and nobody would decide it again: its address
// would stay taken. The claim names its create, so that can be purged like any lost command. D88

#include <vector>

#include "eventstore/event_store.h"
#include "schema/read_model/operations.h"
#include "workers/decision_tools.h"

namespace vsim::workers {

/// One thread.
class ClaimedCreates {
 public:
  /// The tools outlive it.
  explicit ClaimedCreates(DecisionTools& tools) : tools_(tools) {}

  /// Those whose claim has been open for some seconds, as pending operations; some hundreds at
  /// most. One that its claim does not name gets an id of its own, and 0 for its place in COMMANDS.
  eventstore::Result<std::vector<read_model::OperationRow>> list() const;

 private:
  DecisionTools& tools_;
};

}  // namespace vsim::workers
