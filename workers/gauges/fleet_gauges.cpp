#include "workers/gauges/fleet_gauges.h"

#include <algorithm>

namespace vsim::workers {

FleetGauges::FleetGauges(const FleetView& view, const ReadModelGauges& read_models,
                         Duration billing_interval, telemetry::Metrics& metrics)
    : view_(view),
      read_models_(read_models),
      addresses_(metrics.gauge_set("vsim_pool_addresses", "Addresses of the region's pool")),
      addresses_free_(metrics.gauge_set("vsim_pool_addresses_free",
                                        "Free addresses of it, as this worker sees them")),
      incidents_(metrics.gauge_set("vsim_region_incident",
                                   "Whether an incident is in force in the region: 1 or 0")),
      watermark_age_(metrics.gauge_set(
          "vsim_billing_watermark_age_seconds",
          "Simulated seconds that the region's billing watermark is behind now; 0 where no "
          "address is taken")),
      pending_(metrics.gauge("vsim_deadlines_pending", "Deadlines that wait for their time")),
      overdue_(metrics.gauge("vsim_deadlines_overdue",
                             "Deadlines that passed more than 5 s ago, by the wall, and are not "
                             "in the log")),
      idle_overdue_(metrics.gauge("vsim_idle_overdue",
                                  "Of them, stopped servers that should have been reaped")),
      scale_(metrics.gauge("vsim_clock_scale", "Simulated seconds in a second of the wall")) {
  metrics
      .gauge("vsim_billing_interval_seconds", "Simulated seconds between watermarks, as configured")
      .set(std::chrono::duration<double>(billing_interval).count());
}

void FleetGauges::refresh() {
  const auto status = view_.status();
  pending_.set(static_cast<double>(status.deadlines));
  refresh_pools(status);
  refresh_incidents(status);
  const auto overdue = view_.overdue();
  overdue_.set(static_cast<double>(overdue.all));
  idle_overdue_.set(static_cast<double>(overdue.idle));
  refresh_billing(status);
}

void FleetGauges::refresh_pools(const FleetView::Status& status) {
  std::map<telemetry::Labels, double> free;
  std::map<telemetry::Labels, double> all;
  for (const auto& [region, counts] : status.pools) {
    const telemetry::Labels labels = {{"region", region}};
    free[labels] = static_cast<double>(counts.first);
    all[labels] = static_cast<double>(counts.second);
  }
  addresses_free_.replace(free);
  addresses_.replace(all);
}

void FleetGauges::refresh_incidents(const FleetView::Status& status) {
  std::map<telemetry::Labels, double> values;
  for (const auto& [region, counts] : status.pools) {
    values[{{"region", region}}] = 0;
  }
  for (const auto& [region, is_in_force] : view_.incidents()) {
    values[{{"region", region.name}}] = is_in_force ? 1 : 0;
  }
  incidents_.replace(values);
}

// A region's first watermark comes with the first boundary after its first server, and one that was
// empty for long has an old one until then: its age counts from when it was seen to be in use. So
// billing that never begins is seen too.
void FleetGauges::refresh_billing(const FleetView::Status& status) {
  if (!status.ready) {
    return;
  }
  scale_.set(view_.clock().time.scale);
  const auto now = view_.now();
  const auto billed = read_models_.billed_through();
  const std::lock_guard lock(mutex_);
  std::map<telemetry::Labels, double> ages;
  for (const auto& [region, counts] : status.pools) {
    ages[{{"region", region}}] = 0;
  }
  std::map<Region, InUse> in_use;
  for (const auto& region : view_.regions_in_use()) {
    const auto known = in_use_.find(region);
    const auto use = known == in_use_.end() ? InUse{now, looked_before_} : known->second;
    const auto watermark = billed.find(region.name);
    auto through = watermark == billed.end() ? use.seen_at : watermark->second;
    if (use.began_then) {
      through = std::max(through, use.seen_at);
    }
    in_use[region] = use;
    ages[{{"region", region.name}}] =
        std::max(0.0, std::chrono::duration<double>(now - through).count());
  }
  in_use_ = std::move(in_use);
  looked_before_ = true;
  watermark_age_.replace(ages);
}

}  // namespace vsim::workers
