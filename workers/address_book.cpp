#include "workers/address_book.h"

#include <algorithm>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

bool lives(const State& state) {
  return state.server && state.server->status != Status::terminated;
}

bool lives_with(const State& state, const Region& region, Ipv4 ip) {
  return lives(state) && state.region == region && state.server->blueprint.ip == ip;
}

}  // namespace

void AddressBook::restore(const read_model::FleetAddress& address) {
  auto& pool = pools_[address.region];
  pool.extend({address.ip, address.ip});
  if (address.last_claim == 0) {
    return;
  }
  pool.claimed(address.ip, address.last_claim);
  if (!address.taken) {
    pool.freed(address.ip, address.last_claim);
  } else if (address.open_claimant) {
    open(*address.open_claimant, {address.region, address.ip, address.last_claim});
  }
}

void AddressBook::open(const ServerId& server, OpenClaim claim) {
  open_[server].push_back(std::move(claim));
}

void AddressBook::apply(const PoolEvent& event) {
  if (const auto* extension = std::get_if<PoolExtended>(&event.data)) {
    for (const auto& range : extension->ranges) {
      pools_[event.region].extend(range);
    }
  }
}

void AddressBook::apply(const AddressClaimed& claim, StreamSequence sequence) {
  pools_[claim.region].claimed(claim.ip, sequence);
  const bool is_holder = newest_holder_ && newest_holder_->sequence + 1 == sequence &&
                         newest_holder_->server == claim.server &&
                         newest_holder_->region == claim.region && newest_holder_->ip == claim.ip;
  if (!is_holder) {
    open(claim.server, {claim.region, claim.ip, sequence});
  }
}

void AddressBook::apply(const messages::ServerLogged& logged, StreamSequence sequence) {
  const auto& [event, state] = logged;
  settle(event.server, state, sequence);
  newest_holder_.reset();
  if (lives(state)) {
    newest_holder_ = {.sequence = sequence,
                      .server = event.server,
                      .region = event.region,
                      .ip = state.server->blueprint.ip};
  }
  if (std::holds_alternative<ServerTerminated>(event.data) && state.server) {
    pools_[event.region].freed(state.server->blueprint.ip, sequence);
  }
}

std::vector<ServerId> AddressBook::claimants(const std::optional<Region>& region,
                                             StreamSequence through) const {
  std::vector<ServerId> found;
  for (const auto& [server, claims] : open_) {
    const bool is_meant = std::any_of(claims.begin(), claims.end(), [&](const OpenClaim& claim) {
      return claim.sequence <= through && (!region || claim.region == *region);
    });
    if (is_meant) {
      found.push_back(server);
    }
  }
  return found;
}

std::vector<StreamSequence> AddressBook::open_claims(StreamSequence through) const {
  std::vector<StreamSequence> found;
  for (const auto& [server, claims] : open_) {
    for (const auto& claim : claims) {
      if (claim.sequence <= through) {
        found.push_back(claim.sequence);
      }
    }
  }
  return found;
}

void AddressBook::settle(const ServerId& server, const State& state, StreamSequence through) {
  const auto found = open_.find(server);
  if (found == open_.end()) {
    return;
  }
  std::erase_if(found->second, [&](const OpenClaim& claim) {
    if (claim.sequence > through) {
      return false;
    }
    if (!lives_with(state, claim.region, claim.ip)) {
      pools_[claim.region].freed(claim.ip, claim.sequence);  // D6
    }
    return true;
  });
  if (found->second.empty()) {
    open_.erase(found);
  }
}

std::optional<FreeAddress> AddressBook::reserve(const Region& region, const ServerId& server,
                                                std::uint64_t chance) {
  const auto pool = pools_.find(region);
  if (pool == pools_.end()) {
    return std::nullopt;
  }
  // Another address would leave the claimed one taken until the outcome, and where it is the last
  // one its claimant would be told that none is free.
  if (const auto claims = open_.find(server); claims != open_.end()) {
    for (const auto& claim : claims->second) {
      if (claim.region != region) {
        continue;
      }
      if (auto own = pool->second.reserve_claimed(claim.ip, claim.sequence)) {
        return own;
      }
    }
  }
  return pool->second.reserve(chance);
}

void AddressBook::release(const Region& region, Ipv4 ip) {
  if (const auto pool = pools_.find(region); pool != pools_.end()) {
    pool->second.release(ip);
  }
}

std::vector<Region> AddressBook::regions_in_use() const {
  std::vector<Region> regions;
  for (const auto& [region, pool] : pools_) {
    if (pool.taken_count() > 0) {
      regions.push_back(region);
    }
  }
  return regions;
}

eventstore::Result<std::vector<std::pair<ServerId, State>>> load_outcomes(
    eventstore::EventStore& store, std::span<const ServerId> servers) {
  std::vector<std::pair<ServerId, State>> outcomes;
  if (servers.empty()) {
    return outcomes;
  }
  std::vector<std::string> filters;
  for (const auto& server : servers) {
    filters.push_back(messages::any_events_of(server));
  }
  const auto last = store.load_last(filters);
  if (!last) {
    return tl::unexpected(last.error());
  }
  for (const auto& message : *last) {
    auto logged = messages::decode_event(message);
    if (auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr) {
      outcomes.emplace_back(event->event.server, std::move(event->state));
    }
  }
  return outcomes;
}

}  // namespace vsim::workers
