#pragma once

// INSERT INTO ip_pool, second half: what operators have put into `operator.outbox` becomes pool
// commands. A range is published under the id that the outbox fixed for it, as often as it takes,
// and then marked; published twice, it is still one command.

#include <functional>
#include <optional>

#include "domain/catalogue.h"
#include "eventstore/command_queue.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/outbox.h"

namespace vsim::workers {

/// One thread.
class PoolOutbox {
 public:
  /// All outlive it. `publisher` writes to COMMANDS.
  PoolOutbox(read_model::Outbox& outbox, const eventstore::CommandPublisher& publisher,
             const Catalogue& catalogue, telemetry::Metrics& metrics);

  /// Looks what waits; gives the time since when the oldest of it does.
  eventstore::Result<std::optional<Instant>> look();

  /// Publishes what the last look found. A pool has one slot: a command that finds it taken waits
  /// a little, then for the next round.
  eventstore::Result<void> publish();

 private:
  /// False: the pool's slot stays taken.
  eventstore::Result<bool> publish(const read_model::OutboxRange& range);
  eventstore::Result<void> refuse(const read_model::OutboxRange& range, const std::string& reason);

  read_model::Outbox& outbox_;
  const eventstore::CommandPublisher& publisher_;
  const Catalogue& catalogue_;
  telemetry::Counter sent_;
  telemetry::Counter refused_;
  std::vector<read_model::OutboxRange> waiting_;
};

}  // namespace vsim::workers
