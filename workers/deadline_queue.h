#pragma once

// The fleet's pending deadlines, the earliest first.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim::workers {

struct DueServer {
  Region region;
  ServerId server;
  Instant due;
  bool operator==(const DueServer&) const = default;
};

/// What happens at a deadline.
enum class DueKind : std::uint8_t { transition_ends, idle_timeout };

/// Not thread-safe. Takes less than 64 bytes a pending deadline, and the 16 of its server's id; the
/// space of deadlines that are over is used again.
class DeadlineQueue {
 public:
  /// Sets the server's deadline after the event at `sequence`; ignored when a later event has set
  /// it already.
  void set(const Region& region, const ServerId& server, std::optional<Instant> due,
           StreamSequence sequence, DueKind kind = DueKind::transition_ends);

  /// It is due then, if not earlier: by what may touch it beside its own deadline. News of the
  /// server, of whatever event, put that right.
  void hasten(const Region& region, const ServerId& server, Instant due);

  std::optional<Instant> earliest() const;

  /// Those due by `until`, earliest first (ties by id), `max` at most; of one region where it is
  /// named. They stay in the queue.
  std::vector<DueServer> due(Instant until, std::size_t max,
                             const std::optional<Region>& region) const;

  struct DueCount {
    std::size_t all = 0;
    std::size_t idle = 0;  // of them, idle timeouts
  };
  /// How many are due by `until`; from `max` on they are not counted any further.
  DueCount count_due(Instant until, std::size_t max) const;

  std::size_t size() const { return entries_.size(); }

 private:
  using Slot = std::uint32_t;   // a place in entries_
  using Place = std::uint32_t;  // a place in heap_

  struct Entry {
    ServerId server;
    Instant due;
    StreamSequence sequence;
    Place place;
    std::uint16_t region;  // into region_names_
    DueKind kind;
  };

  bool is_before(Slot a, Slot b) const;
  void put(Place place, Slot slot);
  void sift(Place place);
  void add(Entry entry);
  void erase(Slot slot);

  // The index: an open hash table of slots, with linear probing.
  std::size_t home_of(const ServerId& server) const;
  /// Where the server's slot is in the index, or would be.
  std::size_t find(const ServerId& server) const;
  void unindex(const ServerId& server);
  void grow_index();
  std::uint16_t number_of(const Region& region);

  std::deque<Entry> entries_;  // in no order, without gaps; grows without copies
  std::vector<Slot> heap_;     // by due and id
  std::vector<Slot> index_;
  std::map<Region, std::uint16_t> region_numbers_;
  std::vector<Region> region_names_;
};

}  // namespace vsim::workers
