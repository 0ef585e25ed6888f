#include "workers/warm_book.h"

#include <algorithm>

namespace vsim::workers {
namespace {

std::optional<WarmCensus::Stage> stage_before(const KnownWarmPool& known, std::uint64_t number) {
  const auto server = known.census.servers.find(number);
  return server == known.census.servers.end() ? std::nullopt : std::optional(server->second);
}

void put(KnownWarmPool& known, std::uint64_t number, Version version, const Region& region,
         std::optional<WarmCensus::Stage> stage, bool is_assigned) {
  known.census.seen(number);
  known.elsewhere.erase(number);
  if (stage && (!known.pool.terms || known.pool.terms->region != region)) {
    known.elsewhere.emplace(number, region);
  }
  if (stage) {
    known.census.servers[number] = *stage;
    known.versions[number] = version;
  } else {
    known.census.servers.erase(number);
    known.versions.erase(number);
  }
  if (is_assigned) {
    known.assigned.insert(number);
  } else {
    known.assigned.erase(number);
  }
}

}  // namespace

// Which of the last numbers are over the read model does not tell: they count as open until
// somebody has looked. Before those none is open, since nobody goes further ahead.
void WarmBook::restore(const read_model::FleetWarmPool& pool) {
  auto& known = pools_[pool.id];
  known.pool = pool.pool;
  known.census.highest = pool.last_number;
  const auto last = pool.last_number;
  for (auto number = last < open_numbers_max ? 1 : last - open_numbers_max + 1; number <= last;
       ++number) {
    known.census.open.insert(number);
  }
  ++changes_;
}

void WarmBook::restore(const read_model::FleetWarmServer& server) {
  put(pools_[server.pool], server.number, server.version, server.region, server.stage,
      server.is_assigned);
}

void WarmBook::apply(const messages::WarmPoolLogged& logged) {
  if (is_no_change(logged.event.data)) {
    return;
  }
  pools_[logged.event.pool].pool = logged.state;
  ++changes_;
}

void WarmBook::apply(const messages::ServerLogged& logged) {
  const auto& [event, state] = logged;
  if (!state.server || !state.server->blueprint.warm) {
    return;
  }
  const auto& server = *state.server;
  const auto& place = *server.blueprint.warm;
  auto& known = pools_[{server.blueprint.account, place.pool}];
  const bool is_living = server.status != Status::terminated;
  const auto before = stage_before(known, place.number);
  put(known, place.number, state.version, event.region, stage_of(server),
      is_living && server.assignment);
  if (is_provision(event.data, server)) {
    ++known.provisioned;
    known.last_provisioned = place.number;
  }
  if (is_failed_provision(event.data, server)) {
    ++known.failed;
  }
  if (is_loss(before, event.data, server)) {
    ++known.lost;
    known.last_lost = std::max(known.last_lost, place.number);
  }
  ++changes_;
}

void WarmBook::are_gone(const WarmPoolId& pool, const std::vector<std::uint64_t>& numbers) {
  const auto known = pools_.find(pool);
  if (known == pools_.end()) {
    return;
  }
  for (const auto number : numbers) {
    known->second.census.seen(number);
  }
  ++changes_;
}

KnownWarmPools WarmBook::pools_not_over() const {
  KnownWarmPools pools;
  for (const auto& [id, known] : pools_) {
    if (!known.is_over()) {
      pools.emplace(id, known);
    }
  }
  return pools;
}

}  // namespace vsim::workers
