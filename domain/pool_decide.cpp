#include <algorithm>

#include "domain/address_pool.h"

namespace vsim {

PoolDecision decide(const std::optional<PoolExtended>& last, const ExtendPool& command,
                    Instant now) {
  if (last && last->cause) {
    if (last->cause->command == command.id) {
      return {std::nullopt, AlreadyDecided{{OutcomeKind::succeeded, std::nullopt}}};
    }
    if (command.sequence <= last->cause->sequence) return {std::nullopt, Stale{}};
  }
  PoolExtended event;
  event.region = command.region;
  event.version = last ? last->version + 1 : 1;
  event.at = last ? std::max(now, last->at) : now;
  event.ranges = command.ranges;
  event.cause = Cause{command.id, command.sequence, command.request_hash, "extend_pool"};
  event.origin = command.origin;
  return {std::move(event), Succeeded{}};
}

}  // namespace vsim
