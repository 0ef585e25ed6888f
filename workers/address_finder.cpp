#include "workers/address_finder.h"

#include "workers/due_deadlines.h"

namespace vsim::workers {

using eventstore::Error;

eventstore::Result<std::optional<FreeAddress>> AddressFinder::find(const Region& region,
                                                                   const ServerId& server) {
  if (auto address = tools_.view.reserve(region, server)) {
    return address;
  }
  if (!up_to_date_.contains(region)) {
    if (auto ok = apply_overdue(region); !ok) {
      return tl::unexpected(ok.error());
    }
    if (auto ok = tools_.view.settle_claims(region); !ok) {
      return tl::unexpected(ok.error());
    }
    up_to_date_.insert(region);
  }
  return tools_.view.reserve(region, server);
}

eventstore::Result<void> AddressFinder::apply_overdue(const Region& region) {
  const auto until = tools_.view.now();
  while (true) {
    if (!tools_.view.catch_up()) {
      return eventstore::fail(Error::Kind::unavailable, "the view cannot catch up with the log");
    }
    const auto looked_at = apply_due(tools_.store, tools_.view, tools_.costs, until, region,
                                     [this](const Event& event) { tools_.reaped.record(event); });
    if (!looked_at) {
      return tl::unexpected(looked_at.error());
    }
    if (*looked_at == 0) {
      return {};
    }
  }
}

}  // namespace vsim::workers
