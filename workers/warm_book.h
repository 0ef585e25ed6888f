#pragma once

// What a worker's view knows of the warm pools: their terms and their servers, as the log has them
// up to where the view has followed it. D95

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "domain/replenishment.h"
#include "schema/messages/logged_event.h"
#include "schema/read_model/fleet_snapshot.h"

namespace vsim::workers {

struct KnownWarmPool {
  WarmPool pool;
  WarmCensus census;
  std::map<std::uint64_t, Version> versions;  // of the servers in the census
  std::set<std::uint64_t> assigned;           // numbers of those that live and are somebody's
  std::map<std::uint64_t, Region> elsewhere;  // of those made by hand in a region not the pool's
  // Since the view began to follow the log: servers that came to run, and that did not.
  std::uint64_t provisioned = 0;
  std::uint64_t failed = 0;
  std::uint64_t lost = 0;  // not by order, those that did not come to run among them
  // Numbers of those that came to run, and were lost, last.
  std::uint64_t last_provisioned = 0;
  std::uint64_t last_lost = 0;

  /// It drains, and holds nothing. Its numbers go on when it is ordered again.
  bool is_over() const { return pool.draining && census.servers.empty() && assigned.empty(); }
};
using KnownWarmPools = std::map<WarmPoolId, KnownWarmPool>;

/// Not thread-safe. Costs nothing where there are no pools.
class WarmBook {
 public:
  void restore(const read_model::FleetWarmPool& pool);
  void restore(const read_model::FleetWarmServer& server);  // after its pool

  void apply(const messages::WarmPoolLogged& logged);
  void apply(const messages::ServerLogged& logged);

  /// These numbers are over for good: whoever has looked in the log says so.
  void are_gone(const WarmPoolId& pool, const std::vector<std::uint64_t>& numbers);

  const KnownWarmPools& pools() const { return pools_; }
  KnownWarmPools pools_not_over() const;
  /// Rises with each change.
  std::uint64_t changes() const { return changes_; }

 private:
  KnownWarmPools pools_;
  std::uint64_t changes_ = 0;
};

}  // namespace vsim::workers
