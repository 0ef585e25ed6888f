#include "workers/deadline_queue.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <queue>
#include <tuple>

namespace vsim::workers {
namespace {

constexpr auto nobody = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t index_min = 16;

// Of four places of the index three are used at most: that keeps the ways short.
bool is_crowded(std::size_t entries, std::size_t places) { return entries * 4 > places * 3; }

}  // namespace

void DeadlineQueue::set(const Region& region, const ServerId& server, std::optional<Instant> due,
                        StreamSequence sequence, DueKind kind) {
  const auto slot = index_.empty() ? nobody : index_[find(server)];
  if (slot == nobody) {
    if (due) {
      add({.server = server,
           .due = *due,
           .sequence = sequence,
           .place = 0,
           .region = number_of(region),
           .kind = kind});
    }
    return;
  }
  auto& entry = entries_[slot];
  if (sequence < entry.sequence) {
    return;
  }
  if (!due) {
    return erase(slot);
  }
  entry.due = *due;
  entry.sequence = sequence;
  entry.region = number_of(region);
  entry.kind = kind;
  sift(entry.place);
}

void DeadlineQueue::hasten(const Region& region, const ServerId& server, Instant due) {
  const auto slot = index_.empty() ? nobody : index_[find(server)];
  if (slot == nobody) {
    return set(region, server, due, 0);
  }
  auto& entry = entries_[slot];
  if (due < entry.due) {
    entry.due = due;
    sift(entry.place);
  }
}

std::optional<Instant> DeadlineQueue::earliest() const {
  if (heap_.empty()) {
    return std::nullopt;
  }
  return entries_[heap_.front()].due;
}

std::vector<DueServer> DeadlineQueue::due(Instant until, std::size_t max,
                                          const std::optional<Region>& region) const {
  // Down the heap, always on with the earliest of those whose parent has been passed.
  const auto is_later = [this](Place a, Place b) { return is_before(heap_[b], heap_[a]); };
  std::priority_queue<Place, std::vector<Place>, decltype(is_later)> next(is_later);
  const auto look_at = [&](std::size_t place) {
    if (place >= heap_.size() || entries_[heap_[place]].due > until) {
      return;
    }
    next.push(static_cast<Place>(place));
  };
  std::vector<DueServer> servers;
  look_at(0);
  while (!next.empty() && servers.size() < max) {
    const std::size_t place = next.top();
    next.pop();
    look_at(2 * place + 1);
    look_at(2 * place + 2);
    const auto& entry = entries_[heap_[place]];
    const auto& name = region_names_[entry.region];
    if (!region || name == *region) {
      servers.push_back({name, entry.server, entry.due});
    }
  }
  return servers;
}

DeadlineQueue::DueCount DeadlineQueue::count_due(Instant until, std::size_t max) const {
  DueCount count;
  std::vector<std::size_t> next = {0};
  while (!next.empty() && count.all < max) {
    const auto place = next.back();
    next.pop_back();
    if (place >= heap_.size() || entries_[heap_[place]].due > until) {
      continue;
    }
    ++count.all;
    if (entries_[heap_[place]].kind == DueKind::idle_timeout) {
      ++count.idle;
    }
    next.push_back(2 * place + 1);
    next.push_back(2 * place + 2);
  }
  return count;
}

bool DeadlineQueue::is_before(Slot a, Slot b) const {
  const auto& left = entries_[a];
  const auto& right = entries_[b];
  return std::tie(left.due, left.server) < std::tie(right.due, right.server);
}

void DeadlineQueue::put(Place place, Slot slot) {
  heap_[place] = slot;
  entries_[slot].place = place;
}

// Moves what stands at `place` up or down to where it belongs.
void DeadlineQueue::sift(Place place) {
  const auto slot = heap_[place];
  while (place > 0 && is_before(slot, heap_[(place - 1) / 2])) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  while (true) {
    std::size_t child = 2 * std::size_t{place} + 1;
    if (child >= heap_.size()) {
      break;
    }
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) {
      ++child;
    }
    if (!is_before(heap_[child], slot)) {
      break;
    }
    put(place, heap_[child]);
    place = static_cast<Place>(child);
  }
  put(place, slot);
}

void DeadlineQueue::add(Entry entry) {
  assert(entries_.size() < nobody);
  if (is_crowded(entries_.size() + 1, index_.size())) {
    grow_index();
  }
  const auto slot = static_cast<Slot>(entries_.size());
  index_[find(entry.server)] = slot;
  entry.place = static_cast<Place>(heap_.size());
  entries_.push_back(entry);
  heap_.push_back(slot);
  sift(entry.place);
}

// Every gap is filled with the last: of the heap, of the entries.
void DeadlineQueue::erase(Slot slot) {
  unindex(entries_[slot].server);
  const auto place = entries_[slot].place;
  const auto last_of_heap = heap_.back();
  heap_.pop_back();
  if (last_of_heap != slot) {
    put(place, last_of_heap);
    sift(place);
  }
  const auto last = static_cast<Slot>(entries_.size() - 1);
  if (slot != last) {
    index_[find(entries_[last].server)] = slot;
    heap_[entries_[last].place] = slot;
    entries_[slot] = entries_[last];
  }
  entries_.pop_back();
}

std::size_t DeadlineQueue::home_of(const ServerId& server) const {
  // Ids that differ in a few bits only have hashes that differ in the highest ones only; what is
  // looked at here are the lowest, so every bit is spread over all.
  auto hash = std::uint64_t{std::hash<ServerId>{}(server)};
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ULL;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93ULL;
  return (hash ^ (hash >> 32)) & (index_.size() - 1);
}

std::size_t DeadlineQueue::find(const ServerId& server) const {
  auto at = home_of(server);
  while (index_[at] != nobody && entries_[index_[at]].server != server) {
    at = (at + 1) & (index_.size() - 1);
  }
  return at;
}

// Those behind it move up, so that no way to one of them is cut.
void DeadlineQueue::unindex(const ServerId& server) {
  const auto mask = index_.size() - 1;
  auto gap = find(server);
  for (auto at = (gap + 1) & mask; index_[at] != nobody; at = (at + 1) & mask) {
    const auto home = home_of(entries_[index_[at]].server);
    const bool may_move = ((at - home) & mask) >= ((at - gap) & mask);
    if (!may_move) {
      continue;
    }
    index_[gap] = index_[at];
    gap = at;
  }
  index_[gap] = nobody;
}

void DeadlineQueue::grow_index() {
  index_ = std::vector<Slot>(std::max(index_min, index_.size() * 2), nobody);
  for (Slot slot = 0; slot < entries_.size(); ++slot) {
    index_[find(entries_[slot].server)] = slot;
  }
}

std::uint16_t DeadlineQueue::number_of(const Region& region) {
  const auto number = region_names_.size();
  assert(number < std::numeric_limits<std::uint16_t>::max());
  const auto [known, is_new] = region_numbers_.emplace(region, static_cast<std::uint16_t>(number));
  if (is_new) {
    region_names_.push_back(region);
  }
  return known->second;
}

}  // namespace vsim::workers
