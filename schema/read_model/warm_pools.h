#pragma once

// Tables `warm_pools` and `warm_pool_counts`, with the pools' servers counted from `servers`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/warm_pool.h"
#include "schema/read_model/database.h"
#include "schema/read_model/fleet_snapshot.h"

namespace vsim::read_model {

struct WarmPoolRow {
  WarmPoolId id;
  WarmPoolTerms terms;
  bool draining = false;
  Instant created_at;
  Instant updated_at;
  Version version = 0;          // of the last event that changed it
  StreamSequence sequence = 0;  // of that event, in EVENTS
  std::uint64_t last_number = 0;
  std::uint64_t hits = 0;    // acquisitions
  std::uint64_t failed = 0;  // servers that did not come to run
  // Of its servers that live:
  std::uint64_t ready = 0;     // can be acquired
  std::uint64_t warming = 0;   // nobody's, PENDING or REBOOTING
  std::uint64_t assigned = 0;  // somebody's
  std::uint64_t broken = 0;    // nobody's, and none of these
};

/// Every pool that there has been, drained ones too, for a worker that starts.
std::vector<FleetWarmPool> known_warm_pools(Transaction& tx);

/// Nothing: there is none, or it was drained and has no living server any more.
std::optional<WarmPoolRow> find_warm_pool(Transaction& tx, const WarmPoolId& id);

/// The same, and also one that is gone: as it was set last.
std::optional<WarmPoolRow> find_former_warm_pool(Transaction& tx, const WarmPoolId& id);

/// In the order of account and name, those behind `after`; of all accounts where none is named.
std::vector<WarmPoolRow> list_warm_pools(Transaction& tx, const std::optional<std::string>& account,
                                         const std::optional<WarmPoolId>& after,
                                         std::uint32_t limit);

struct ReadyServerRow {
  ServerId id;
  Region region;
};

/// Servers of the pool that can be acquired, in an order that chance makes. None while it is being
/// drained.
std::vector<ReadyServerRow> ready_servers(Transaction& tx, const WarmPoolId& id,
                                          std::uint32_t limit);

}  // namespace vsim::read_model
