#include "workers/deadline_queue.h"

namespace vsim::workers {

void DeadlineQueue::set(const Region& region, const ServerId& server, std::optional<Instant> due,
                        StreamSequence sequence) {
  const auto found = entries_.find(server);
  if (found != entries_.end()) {
    if (sequence < found->second.sequence) return;
    order_.erase({found->second.due, server});
    if (!due) entries_.erase(found);
  }
  if (!due) return;
  const auto* known = &*regions_.insert(region).first;
  entries_[server] = Entry{known, *due, sequence};
  order_.insert({*due, server});
}

std::optional<Instant> DeadlineQueue::earliest() const {
  if (order_.empty()) return std::nullopt;
  return order_.begin()->first;
}

std::vector<DueServer> DeadlineQueue::due(Instant now, std::size_t max,
                                          const std::optional<Region>& region) const {
  std::vector<DueServer> servers;
  for (const auto& [due, server] : order_) {
    if (due > now || servers.size() == max) break;
    const auto& entry = entries_.at(server);
    if (region && *entry.region != *region) continue;
    servers.push_back({*entry.region, server, due});
  }
  return servers;
}

}  // namespace vsim::workers
