#include "workers/warm_book.h"

namespace vsim::workers {
namespace {

void put(KnownWarmPool& known, std::uint64_t number, Version version,
         std::optional<WarmCensus::Stage> stage, bool is_assigned) {
  known.census.seen(number);
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
  put(pools_[server.pool], server.number, server.version, server.stage, server.is_assigned);
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
  put(known, place.number, state.version, stage_of(server), is_living && server.assignment);
  if (is_provision(event.data, server)) {
    ++known.provisioned;
  }
  if (is_failed_provision(event.data, server)) {
    ++known.failed;
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

}  // namespace vsim::workers
