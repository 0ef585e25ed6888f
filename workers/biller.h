#pragma once

// Role `billing`: records in the log, for each region, up to when everything is billed: one
// watermark per region and interval, however many servers there are. What each server owes follows
// from it by the one formula of domain/billing.h. A watermark never passes what the timekeeper has
// recorded, so no bill is taken back. One biller is active, by a lock in Postgres; two at once only
// cost conflicts. D21

#include <stop_token>
#include <vector>

#include "eventstore/event_store.h"
#include "ops/telemetry/metrics.h"
#include "workers/fleet_view.h"
#include "workers/single_subject.h"
#include "workers/standby.h"

namespace vsim::workers {

/// The count of watermarks appended; on the page from the first call on.
telemetry::Counter watermarks_of(telemetry::Metrics& metrics, const Region& region);

class Biller {
 public:
  /// All outlive the biller. `interval`: of simulated time, at least a second.
  Biller(eventstore::EventStore& store, FleetView& view, Standby::IsActive is_active,
         telemetry::Metrics& metrics, Duration interval);

  /// Until stopped.
  void run(std::stop_token stop);

  /// Any thread: whether it was the active one when it last looked.
  bool active() const { return standby_.active(); }

 private:
  struct Owed {
    BillingWatermark watermark;
    HeadOf<BillingWatermark> head;  // the region's last watermark in the log
  };

  /// For each region in use: the watermark of the latest boundary, unless the log has it.
  eventstore::Result<std::vector<Owed>> find_owed(Instant applied);
  eventstore::Result<void> append(const Owed& owed);
  void wait_after(const eventstore::Error& error, std::stop_token stop);

  eventstore::EventStore& store_;
  FleetView& view_;
  Standby standby_;
  telemetry::Metrics& metrics_;
  Duration interval_;
  std::map<Region, Instant> billed_;  // as far as the log is known to say
};

}  // namespace vsim::workers
