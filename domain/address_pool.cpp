#include "domain/address_pool.h"

#include <array>

namespace vsim {
namespace {

struct Block {
  AddressRange range;
  std::string_view name;
  std::string_view use;
};

constexpr std::uint32_t octet(std::uint32_t first, std::uint32_t second = 0) {
  return first << 24 | second << 16;
}

constexpr std::array<Block, 5> blocks_without_hosts{{
    {{{octet(0)}, {octet(1) - 1}}, "0.0.0.0/8", "this network"},
    {{{octet(127)}, {octet(128) - 1}}, "127.0.0.0/8", "loopback"},
    {{{octet(169, 254)}, {octet(169, 255) - 1}}, "169.254.0.0/16", "link-local"},
    {{{octet(224)}, {octet(240) - 1}}, "224.0.0.0/4", "multicast"},
    {{{octet(240)}, {UINT32_MAX}}, "240.0.0.0/4", "reserved, with the broadcast address"},
}};

}  // namespace

std::optional<std::string> unusable(const AddressRange& range) {
  for (const auto& [block, name, use] : blocks_without_hosts) {
    if (range.last < block.first || block.last < range.first) {
      continue;
    }
    return "no server can have an address of " + std::string(name) + " (" + std::string(use) +
           ", RFC 6890); give others, such as 10.0.0.0/24";
  }
  return std::nullopt;
}

void AddressPool::list(Ipv4 ip, Entry& entry) {
  entry.free_index = static_cast<std::uint32_t>(free_.size());
  free_.push_back(ip);
}

void AddressPool::unlist(Entry& entry) {
  const auto index = entry.free_index;
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

void AddressPool::released(Ipv4 ip, StreamSequence sequence) {
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

void AddressPool::settle(Ipv4 ip) {
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
