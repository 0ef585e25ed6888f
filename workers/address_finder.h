#pragma once

// Finds free addresses for creates.

#include <optional>
#include <set>

#include "domain/address_pool.h"
#include "workers/decision_tools.h"

namespace vsim::workers {

/// For one group of commands. Not thread-safe.
class AddressFinder {
 public:
  /// The tools outlive it.
  explicit AddressFinder(DecisionTools& tools) : tools_(tools) {}

  /// Sets an address aside in the view for that server; the caller releases it there. Gives none
  /// only after the view has caught up with the log, void claims are known, and the region's
  /// overdue deadlines are in the log, which frees the addresses of servers that have ended; that
  /// is done once a group. Blocks for as long as the log takes.
  eventstore::Result<std::optional<FreeAddress>> find(const Region& region, const ServerId& server);

 private:
  /// Appends what is overdue in the region.
  eventstore::Result<void> apply_overdue(const Region& region);

  DecisionTools& tools_;
  std::set<Region> up_to_date_;
};

}  // namespace vsim::workers
