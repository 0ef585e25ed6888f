#include "tests/simulation/pool_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/messages/command_identity.h"

namespace vsim::simulation {
namespace {

constexpr std::uint64_t numbers_ahead = 64;

template <typename... Types>
bool is_any(const EventData& data) {
  return (std::holds_alternative<Types>(data) || ...);
}

}  // namespace

std::optional<std::string> PoolWatch::read(const WarmPoolEvent& event) {
  auto& pool = pools_[event.pool];
  if (event.version != ++pool.version) {
    return "a warm pool's versions have a gap";
  }
  if (const auto* set = std::get_if<WarmPoolSet>(&event.data)) {
    pool.target_max = std::max(pool.target_max, set->terms.target);
    pool.was_set = true;
    pool.terms = set->terms;
    pool.filling = held(pool) < set->terms.target;
  }
  if (std::holds_alternative<WarmPoolDraining>(event.data)) {
    pool.terms.reset();
  }
  name_numbers(event.pool, numbers_ahead);
  return std::nullopt;
}

// A create that was refused leaves an event that does not say of which number it is; its id does.
void PoolWatch::name_numbers(const WarmPoolId& id, std::uint64_t up_to) {
  for (auto& named = named_[id]; named < up_to;) {
    ++named;
    const auto command = messages::command_id_of_warm_create(id, named);
    places_[messages::server_id_of_create(command)] = {id, named};
  }
}

PoolWatch::Fate PoolWatch::fate_of(const Server& server) {
  if (server.status == Status::terminated) {
    return Fate::over;
  }
  if (server.status == Status::terminating) {
    return Fate::ending;
  }
  if (server.assignment) {
    return Fate::somebodys;
  }
  const bool moves = server.status == Status::pending || server.status == Status::rebooting;
  const bool may_come = server.status == Status::running ? !server.interruption_at : moves;
  return may_come ? Fate::nobodys : Fate::failed;
}

std::optional<std::string> PoolWatch::move(const Place& place, Fate to) {
  auto& pool = pools_[place.pool];
  auto& fate = pool.fates[place.number];
  if (fate == Fate::over && to != Fate::over) {
    return fmt::format("number {} of a warm pool lives again", place.number);
  }
  if (fate == Fate::unborn && place.number > pool.target_max + pool.gone) {
    return fmt::format("number {} of a warm pool is one too many: {} are gone, of {} at most",
                       place.number, pool.gone, pool.target_max);
  }
  const bool counted = fate == Fate::unborn || fate == Fate::nobodys;
  if (counted && to != Fate::nobodys) {
    ++pool.gone;
  }
  fate = to;
  pool.filling = pool.filling && pool.terms && held(pool) < pool.terms->target;
  return std::nullopt;
}

std::uint64_t PoolWatch::held(const Pool& pool) {
  return static_cast<std::uint64_t>(
      std::count_if(pool.fates.begin(), pool.fates.end(),
                    [](const auto& one) { return one.second == Fate::nobodys; }));
}

std::optional<std::string> PoolWatch::read(const messages::ServerLogged& logged) {
  const auto& [event, state] = logged;
  const auto known = places_.find(event.server);
  const bool is_warm = state.server && state.server->blueprint.warm;
  if (known == places_.end()) {
    return is_warm ? std::optional<std::string>("a warm pool's server with an id of its own")
                   : std::nullopt;
  }
  const auto place = known->second;
  name_numbers(place.pool, place.number + numbers_ahead);
  if (!state.server) {
    return move(place, Fate::over);
  }
  const auto& warm = state.server->blueprint.warm;
  if (!warm || warm->number != place.number || warm->pool != place.pool.name ||
      state.server->blueprint.account != place.pool.account) {
    return "a number's server bears another";
  }
  if (!pools_[place.pool].was_set) {
    return "a server for a pool that was never set";
  }
  const auto before = pools_[place.pool].fates[place.number];
  if (is_any<ServerAssigned>(event.data) && before != Fate::nobodys) {
    return "a server was acquired that was not to be had";
  }
  if (is_any<ServerReleased>(event.data) && before != Fate::somebodys) {
    return "a server was released that nobody had";
  }
  if (const auto* ended = std::get_if<ServerTerminated>(&event.data)) {
    if (ended->reason == TerminationReason::retired && before != Fate::nobodys &&
        before != Fate::failed) {
      return "a server was retired that somebody had";
    }
    if (ended->reason == TerminationReason::released && before != Fate::somebodys) {
      return "a server was released that nobody had";
    }
  }
  return move(place, fate_of(*state.server));
}

std::string PoolWatch::unfilled(const std::function<std::size_t(const Region&)>& free) const {
  for (const auto& [id, pool] : pools_) {
    if (!pool.terms || pool.terms->profile == "unlucky" || free(pool.terms->region) == 0) {
      continue;
    }
    const auto there = held(pool);
    const auto least = pool.filling ? pool.terms->target : least_held(*pool.terms);
    if (there < least) {
      return fmt::format("warm pool {} holds {} servers, and {} are wanted", id.name, there, least);
    }
  }
  return {};
}

std::string PoolWatch::left_over() const {
  for (const auto& [id, pool] : pools_) {
    for (const auto& [number, fate] : pool.fates) {
      if (fate == Fate::nobodys || fate == Fate::failed) {
        return fmt::format("number {} of warm pool {} is left over", number, id.name);
      }
    }
  }
  return {};
}

}  // namespace vsim::simulation
