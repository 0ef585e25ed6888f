#include "domain/address_pool.h"

#include "domain/invariant.h"

namespace vsim {

void AddressPool::list(Ipv4 ip, Entry& entry) {
  entry.free_index = static_cast<std::uint32_t>(free_.size());
  free_.push_back(ip);
}

void AddressPool::unlist(Entry& entry) {
  const auto index = entry.free_index;
  invariant(index < free_.size(), "a free address has its place in the list");
  free_[index] = free_.back();
  entries_.at(free_[index]).free_index = index;
  free_.pop_back();
}

void AddressPool::extend(const AddressRange& range) {
  for (std::uint64_t i = 0; i < range.size(); ++i) {
    const Ipv4 ip{static_cast<std::uint32_t>(range.first.bits + i)};
    const auto [entry, is_new] = entries_.try_emplace(ip);
    if (is_new) {
      list(ip, entry->second);
    }
  }
}

void AddressPool::claimed(Ipv4 ip, StreamSequence sequence) {
  const auto [found, is_new] = entries_.try_emplace(ip);
  auto& entry = found->second;
  if (is_new) {
    list(ip, entry);  // a claim outside the pool that we know: its extension is to come
  }
  if (sequence <= entry.last_claim) {
    return;
  }
  entry.last_claim = sequence;
  if (entry.taken) {
    return;
  }
  if (!entry.reserved) {
    unlist(entry);
  }
  entry.taken = true;
  ++taken_count_;
}

void AddressPool::freed(Ipv4 ip, StreamSequence sequence) {
  const auto found = entries_.find(ip);
  if (found == entries_.end()) {
    return;
  }
  auto& entry = found->second;
  if (!entry.taken || sequence < entry.last_claim) {
    return;
  }
  entry.taken = false;
  --taken_count_;
  if (!entry.reserved) {
    list(ip, entry);
  }
}

std::optional<FreeAddress> AddressPool::reserve(std::uint64_t chance) {
  if (free_.empty()) {
    return std::nullopt;
  }
  const Ipv4 ip = free_[chance % free_.size()];
  auto& entry = entries_.at(ip);
  unlist(entry);
  entry.reserved = true;
  return FreeAddress{ip, entry.last_claim};
}

std::optional<FreeAddress> AddressPool::reserve_claimed(Ipv4 ip, StreamSequence claim) {
  const auto found = entries_.find(ip);
  if (found == entries_.end()) {
    return std::nullopt;
  }
  auto& entry = found->second;
  if (!entry.taken || entry.reserved || entry.last_claim != claim) {
    return std::nullopt;
  }
  entry.reserved = true;
  return FreeAddress{ip, claim};
}

void AddressPool::release(Ipv4 ip) {
  const auto found = entries_.find(ip);
  if (found == entries_.end() || !found->second.reserved) {
    return;
  }
  found->second.reserved = false;
  if (!found->second.taken) {
    list(ip, found->second);
  }
}

}  // namespace vsim
