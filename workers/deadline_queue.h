#pragma once

// The fleet's pending deadlines, the earliest first.

#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim::workers {

struct DueServer {
  Region region;
  ServerId server;
  Instant due;
};

/// Not thread-safe. About 200 bytes a deadline.
class DeadlineQueue {
 public:
  /// The server's deadline after the event at `sequence`; older news than what is known of a
  /// pending deadline is ignored.
  void set(const Region& region, const ServerId& server, std::optional<Instant> due,
           StreamSequence sequence);

  std::optional<Instant> earliest() const;

  /// Those due by `now`, earliest first, `max` at most; of one region where it is named.
  std::vector<DueServer> due(Instant now, std::size_t max,
                             const std::optional<Region>& region) const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    const Region* region;  // into regions_
    Instant due;
    StreamSequence sequence;
  };
  std::set<Region> regions_;
  std::unordered_map<ServerId, Entry> entries_;
  std::set<std::pair<Instant, ServerId>> order_;
};

}  // namespace vsim::workers
