#include "workers/gauges/fleet_gauges.h"

#include <algorithm>

namespace vsim::workers {

namespace {

constexpr auto provisions_help =
    "Servers of the warm pool that came to run, or did not, as this worker has followed them";

}  // namespace

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
      warm_ready_(metrics.gauge_set("vsim_warm_pool_ready",
                                    "Servers of the warm pool that can be acquired")),
      warm_warming_(metrics.gauge_set("vsim_warm_pool_warming", "Servers of it on their way")),
      warm_assigned_(
          metrics.gauge_set("vsim_warm_pool_assigned", "Servers of it that are somebody's")),
      warm_target_(metrics.gauge_set("vsim_warm_pool_target",
                                     "Servers that it is to hold ready; 0 while it drains")),
      warm_least_(metrics.gauge_set("vsim_warm_pool_least",
                                    "Servers that it is to hold at the least; 0 while it drains")),
      pending_(metrics.gauge("vsim_deadlines_pending", "Deadlines that wait for their time")),
      overdue_(metrics.gauge("vsim_deadlines_overdue",
                             "Deadlines that passed more than 5 s ago, by the wall, and are not "
                             "in the log")),
      idle_overdue_(metrics.gauge("vsim_idle_overdue",
                                  "Of them, stopped servers that should have been reaped")),
      scale_(metrics.gauge("vsim_clock_scale", "Simulated seconds in a second of the wall")),
      metrics_(metrics) {
  metrics.counter("vsim_warm_pool_provisions_total", provisions_help);
  metrics
      .gauge("vsim_billing_interval_seconds", "Simulated seconds between watermarks, as configured")
      .set(std::chrono::duration<double>(billing_interval).count());
}

void FleetGauges::refresh() {
  const auto status = view_.status();
  pending_.set(static_cast<double>(status.deadlines));
  refresh_pools(status);
  refresh_incidents(status);
  refresh_warm_pools();
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
    // Others have no pool: they were mistyped, and have nothing but the refusal.
    if (const auto known = values.find({{"region", region.name}}); known != values.end()) {
      known->second = is_in_force ? 1 : 0;
    }
  }
  incidents_.replace(values);
}

// Without pools each shows one sample, so that it is there to be asked for.
void FleetGauges::refresh_warm_pools() {
  std::map<telemetry::Labels, double> ready;
  std::map<telemetry::Labels, double> warming;
  std::map<telemetry::Labels, double> assigned;
  std::map<telemetry::Labels, double> target;
  std::map<telemetry::Labels, double> least;
  const auto pools = view_.warm_pools();
  for (const auto& [id, known] : pools) {
    const auto& servers = known.census.servers;
    const auto count = [&](WarmCensus::Stage stage) {
      return static_cast<double>(
          std::count_if(servers.begin(), servers.end(),
                        [&](const auto& server) { return server.second == stage; }));
    };
    const auto& pool = known.pool;
    if (!pool.terms) {
      continue;
    }
    const telemetry::Labels labels = {{"account", id.account}, {"pool", id.name}};
    ready[labels] = count(WarmCensus::Stage::ready);
    warming[labels] = count(WarmCensus::Stage::warming) + count(WarmCensus::Stage::resetting);
    assigned[labels] = static_cast<double>(known.assigned.size());
    target[labels] = pool.draining ? 0 : pool.terms->target;
    least[labels] = pool.draining ? 0 : least_held(*pool.terms);
    count_provisions(id, known);
  }
  for (auto* values : {&ready, &warming, &assigned, &target, &least}) {
    if (values->empty()) {
      (*values)[{}] = 0;
    }
  }
  warm_ready_.replace(ready);
  warm_warming_.replace(warming);
  warm_assigned_.replace(assigned);
  warm_target_.replace(target);
  warm_least_.replace(least);
}

void FleetGauges::count_provisions(const WarmPoolId& id, const KnownWarmPool& known) {
  const std::lock_guard lock(mutex_);
  auto& counted = provisions_[id];
  const auto add = [&](const char* result, std::uint64_t now, std::uint64_t& before) {
    const auto more = now > before ? now - before : 0;
    metrics_
        .counter("vsim_warm_pool_provisions_total", provisions_help,
                 {{"account", id.account}, {"pool", id.name}, {"result", result}})
        .add(static_cast<double>(more));
    before = now;
  };
  add("ready", known.provisioned, counted.ready);
  add("failed", known.failed, counted.failed);
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
