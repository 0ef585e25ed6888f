#pragma once

// What operators watch of the fleet itself: addresses, deadlines, the clock, and how far billing
// is behind. From the worker's view of the log, at each scrape; nothing here waits for anybody.

#include <map>
#include <mutex>

#include "ops/telemetry/metrics.h"
#include "workers/fleet_view.h"
#include "workers/gauges/read_model_gauges.h"

namespace vsim::workers {

class FleetGauges {
 public:
  /// All outlive it. `billing_interval`: simulated time between watermarks.
  FleetGauges(const FleetView& view, const ReadModelGauges& read_models, Duration billing_interval,
              telemetry::Metrics& metrics);

  /// Sets the gauges. Any thread.
  void refresh();

 private:
  void refresh_pools(const FleetView::Status& status);
  void refresh_incidents(const FleetView::Status& status);
  void refresh_billing(const FleetView::Status& status);
  void refresh_warm_pools();
  void count_provisions(const WarmPoolId& id, const KnownWarmPool& known);

  const FleetView& view_;
  const ReadModelGauges& read_models_;
  telemetry::GaugeSet addresses_;
  telemetry::GaugeSet addresses_free_;
  telemetry::GaugeSet incidents_;
  telemetry::GaugeSet watermark_age_;
  telemetry::GaugeSet warm_ready_;
  telemetry::GaugeSet warm_warming_;
  telemetry::GaugeSet warm_assigned_;
  telemetry::GaugeSet warm_target_;
  telemetry::GaugeSet warm_least_;
  telemetry::Gauge pending_;
  telemetry::Gauge overdue_;
  telemetry::Gauge idle_overdue_;
  telemetry::Gauge scale_;
  struct InUse {
    Instant seen_at;          // first, without a break since
    bool began_then = false;  // it was seen empty before
  };
  std::mutex mutex_;
  bool looked_before_ = false;      // guarded by mutex_, as is
  std::map<Region, InUse> in_use_;  // regions of which an address is taken
  telemetry::Metrics& metrics_;     // for the counters of pools that come to be
  struct Provisions {
    std::uint64_t ready = 0;
    std::uint64_t failed = 0;
  };
  std::map<WarmPoolId, Provisions> provisions_;  // that are counted already; guarded by mutex_
};

}  // namespace vsim::workers
