#include "workers/server_heads.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {

using eventstore::Result;

Result<void> RegionStates::take(const eventstore::Message& last) {
  auto logged = messages::decode_event(last);
  auto* region = logged ? std::get_if<messages::RegionLogged>(&*logged) : nullptr;
  if (region == nullptr) {
    return ends_unreadably(last.subject);
  }
  states_.insert_or_assign(region->event.region, std::move(region->state));
  return {};
}

const RegionState& RegionStates::of(const Region& region) const {
  static const RegionState quiet;
  const auto found = states_.find(region);
  return found == states_.end() ? quiet : found->second;
}

Result<std::vector<ServerHead>> heads_in(std::span<const eventstore::Message> found,
                                         std::span<const ServerId> servers, RegionStates& regions) {
  std::unordered_map<ServerId, std::size_t> places;
  for (const auto& server : servers) {
    places.emplace(server, places.size());
  }
  std::vector<ServerHead> heads(servers.size());
  for (const auto& message : found) {
    if (message.subject.starts_with(messages::region_prefix)) {
      if (auto ok = regions.take(message); !ok) {
        return tl::unexpected(ok.error());
      }
      continue;
    }
    auto logged = messages::decode_event(message);
    auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    if (event == nullptr) {
      return ends_unreadably(message.subject);
    }
    auto& head = heads[places.at(event->event.server)];
    if (message.sequence < head.sequence) {
      continue;
    }
    head = {message.sequence, std::move(event->state)};
  }
  return heads;
}

Result<ServerHeads> load_heads(eventstore::EventStore& store, std::span<const ServerId> servers,
                               const std::set<Region>& regions) {
  std::vector<std::string> filters;
  for (const auto& region : regions) {
    filters.push_back(messages::region_events(region));
  }
  for (const auto& server : servers) {
    filters.push_back(messages::any_events_of(server));
  }
  const auto found = store.load_last(filters);
  if (!found) {
    return tl::unexpected(found.error());
  }
  ServerHeads heads;
  auto servers_heads = heads_in(*found, servers, heads.regions);
  if (!servers_heads) {
    return tl::unexpected(servers_heads.error());
  }
  heads.servers = std::move(*servers_heads);
  return heads;
}

}  // namespace vsim::workers
