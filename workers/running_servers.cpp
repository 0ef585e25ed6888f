#include "workers/running_servers.h"

#include <algorithm>
#include <functional>

namespace vsim::workers {
namespace {

constexpr std::size_t places_min = 16;

}  // namespace

void RunningServers::Ids::insert(const ServerId& server) {
  if ((count_ + 1) * 4 > places_.size() * 3) {
    grow();
  }
  auto& place = places_[find(server)];
  count_ += place == ServerId{} ? 1 : 0;
  place = server;
}

// Those behind it move up, so that no way to one of them is cut.
void RunningServers::Ids::erase(const ServerId& server) {
  if (places_.empty()) {
    return;
  }
  auto gap = find(server);
  if (places_[gap] == ServerId{}) {
    return;
  }
  const auto mask = places_.size() - 1;
  for (auto at = (gap + 1) & mask; places_[at] != ServerId{}; at = (at + 1) & mask) {
    const auto home = home_of(places_[at]);
    if (((at - home) & mask) >= ((at - gap) & mask)) {
      places_[gap] = places_[at];
      gap = at;
    }
  }
  places_[gap] = {};
  --count_;
}

std::size_t RunningServers::Ids::home_of(const ServerId& server) const {
  auto hash = std::uint64_t{std::hash<ServerId>{}(server)};
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ULL;
  return (hash ^ (hash >> 32)) & (places_.size() - 1);
}

std::size_t RunningServers::Ids::find(const ServerId& server) const {
  auto at = home_of(server);
  while (places_[at] != ServerId{} && places_[at] != server) {
    at = (at + 1) & (places_.size() - 1);
  }
  return at;
}

void RunningServers::Ids::grow() {
  auto before = std::move(places_);
  places_ = std::vector<ServerId>(std::max(places_min, before.size() * 2));
  for (const auto& id : before) {
    if (id != ServerId{}) {
      places_[find(id)] = id;
    }
  }
}

}  // namespace vsim::workers
