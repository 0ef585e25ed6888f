#pragma once

// What a worker that starts needs to know of the fleet: every address, what will happen by itself,
// who runs, and what warm pools hold. Grows with the pools and the servers that live, not with
// terminated ones.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/replenishment.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct FleetAddress {
  Region region;
  Ipv4 ip;
  StreamSequence last_claim = 0;          // in EVENTS; 0: never claimed
  bool taken = false;                     // by a server that lives, or by an open claim
  std::optional<ServerId> open_claimant;  // has no event that would say whether it has the address
};

struct FleetDeadline {
  Region region;
  ServerId server;
  Instant due;
  bool is_idle = false;  // the server is stopped, and reaped then
};

struct FleetWarmPool {
  WarmPoolId id;
  WarmPool pool;                  // without its last command
  std::uint64_t last_number = 0;  // the highest that a server has had
};

/// A warm pool's server that lives.
struct FleetWarmServer {
  WarmPoolId pool;
  Region region;
  std::uint64_t number = 0;
  Version version = 0;
  std::optional<WarmCensus::Stage> stage;  // none: it does not count
  bool is_assigned = false;
};

/// As of one position of EVENTS: whoever follows the log from behind it misses nothing.
struct FleetSnapshot {
  Checkpoint events;
  std::vector<FleetAddress> addresses;
  std::vector<FleetDeadline> deadlines;
  std::vector<std::pair<Region, ServerId>> running;  // RUNNING or REBOOTING
  std::vector<FleetWarmPool> warm_pools;
  std::vector<FleetWarmServer> warm_servers;
};

/// Reads it on a connection of its own, which it closes: seconds for a million addresses. Empty, at
/// sequence 0, when nothing has been projected. Any thread.
DbResult<FleetSnapshot> load_fleet_snapshot(const std::string& url);

}  // namespace vsim::read_model
