#pragma once

// A purge is a fact too. A command that an operator takes out of COMMANDS before it has an outcome
// gets one, `command_purged`, under the same expectation as any event of its subject: the first
// outcome in the log stands. A worker that still holds the command finds that verdict and drops the
// command; a verdict that finds an outcome is dropped.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/operations.h"
#include "workers/command_proposal.h"
#include "workers/fleet_commands.h"
#include "workers/janitor/claimed_creates.h"

namespace vsim::workers {

/// One thread.
class PurgeVerdicts {
 public:
  /// Operations without an outcome, beyond a place in COMMANDS; nothing when they cannot be had.
  using ListPending = std::function<std::optional<std::vector<read_model::OperationRow>>(
      StreamSequence after, std::size_t limit)>;

  /// All outlive it. `queue` is COMMANDS.
  PurgeVerdicts(DecisionTools& tools, eventstore::EventStore& queue, ListPending list_pending,
                telemetry::Metrics& metrics);

  /// Looks which pending commands the queue does not hold any more, some thousands a call; the
  /// next call goes on from there. Creates count as pending too of which the log has only the claim
  /// of an address (D88). Gives the time since when the first of them is known to be gone.
  eventstore::Result<std::optional<Instant>> look(Instant now);

  /// Gives the verdict on those that were gone a second before `now` already and have no outcome:
  /// until then their outcome may be on its way into the read model.
  eventstore::Result<void> give(Instant now);

 private:
  struct Missing {
    read_model::OperationRow operation;
    Instant since;
  };
  using Place = std::pair<StreamSequence, std::string>;  // in COMMANDS, and the command's id
  using MissingByPlace = std::map<Place, Missing>;

  eventstore::Result<std::vector<read_model::OperationRow>> gone(
      std::vector<read_model::OperationRow> pending);
  eventstore::Result<void> give_to_servers(std::span<const Missing* const> group);
  eventstore::Result<void> give_to_others(std::span<const Missing* const> group);
  void record_purged(const CommandSummary& command);

  DecisionTools& tools_;
  FleetCommands fleet_commands_;
  eventstore::EventStore& queue_;
  ListPending list_pending_;
  ClaimedCreates claimed_creates_;
  telemetry::Counter purged_;
  MissingByPlace missing_;
  StreamSequence looked_up_to_ = 0;
};

}  // namespace vsim::workers
