#include "workers/recent_heads.h"

#include <utility>

namespace vsim::workers {
namespace {

// Some 2 kB each: the state holds what the server was made of.
constexpr std::size_t heads_in_a_generation = 8'000;

}  // namespace

void RecentHeads::record(const ServerId& server, StreamSequence sequence, const State& after) {
  const std::lock_guard lock(mutex_);
  if (const auto known = newer_.find(server); known != newer_.end()) {
    if (sequence > known->second.sequence) {
      known->second = {sequence, after};
    }
    return;
  }
  if (const auto known = older_.find(server);
      known != older_.end() && sequence <= known->second.sequence) {
    return;
  }
  if (newer_.size() >= heads_in_a_generation) {
    older_ = std::exchange(newer_, {});
  }
  newer_.emplace(server, ServerHead{sequence, after});
}

std::optional<ServerHead> RecentHeads::find(const ServerId& server) const {
  const std::lock_guard lock(mutex_);
  for (const auto* heads : {&newer_, &older_}) {
    if (const auto known = heads->find(server); known != heads->end()) {
      return known->second;
    }
  }
  return std::nullopt;
}

void RecentHeads::clear() {
  const std::lock_guard lock(mutex_);
  newer_.clear();
  older_.clear();
}

}  // namespace vsim::workers
