#include "workers/biller.h"

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "workers/billing_boundary.h"

namespace vsim::workers {

using namespace std::chrono_literals;
using eventstore::Error;
using eventstore::Result;

telemetry::Counter watermarks_of(telemetry::Metrics& metrics, const Region& region) {
  return metrics.counter("vsim_billing_watermarks_total",
                         "Watermarks that this worker has appended", {{"region", region.name}});
}

Biller::Biller(eventstore::EventStore& store, FleetView& view, Standby::IsActive is_active,
               telemetry::Metrics& metrics, Duration interval)
    : store_(store),
      view_(view),
      standby_(std::move(is_active)),
      metrics_(metrics),
      interval_(interval) {}

void Biller::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    if (const auto ok = view_.check_time(); !ok) {
      wait_after(ok.error(), stop);
      continue;
    }
    const auto applied = view_.clock().deadlines_applied_through;
    const auto owed = find_owed(applied);
    if (!owed) {
      wait_after(owed.error(), stop);
      continue;
    }
    const auto oldest = owed->empty() ? std::optional<Instant>() : owed->front().watermark.through;
    const bool acts = standby_.must_act(oldest);
    if (owed->empty()) {
      view_.wait_for_deadlines_applied(stop, applied);
    } else if (!acts) {
      process::pause(stop, 250ms);
    } else {
      for (const auto& one : *owed) {
        if (const auto ok = append(one); !ok) {
          wait_after(ok.error(), stop);
        }
      }
    }
  }
}

Result<std::vector<Biller::Owed>> Biller::find_owed(Instant applied) {
  const auto through = boundary_up_to(applied, interval_);
  std::vector<Region> regions;
  std::vector<std::string> subjects;
  for (const auto& region : view_.regions_in_use()) {
    const auto billed = billed_.find(region);
    if (billed == billed_.end() || billed->second < through) {
      regions.push_back(region);
      subjects.push_back(messages::billing_events(region));
    }
  }
  if (regions.empty()) {
    return std::vector<Owed>();
  }
  auto heads = load_subjects<BillingWatermark>(store_, subjects);
  if (!heads) {
    return tl::unexpected(heads.error());
  }
  std::vector<Owed> owed;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    auto& head = (*heads)[i];
    if (head.sequence > 0 && head.state.through >= through) {
      billed_[regions[i]] = head.state.through;
      continue;
    }
    owed.push_back({{regions[i], head.state.version + 1, through}, std::move(head)});
  }
  return owed;
}

Result<void> Biller::append(const Owed& owed) {
  const auto& [region, version, through] = owed.watermark;
  const auto subject = messages::billing_events(region);
  const auto appended =
      append_to_subject<BillingWatermark>(store_, subject, owed.head, owed.watermark);
  if (!appended) {
    if (appended.error().needs_another_look()) {
      return {};
    }
    return tl::unexpected(appended.error());
  }
  billed_[region] = through;
  watermarks_of(metrics_, region).add();
  if (log::enabled(log::Level::debug)) {
    const auto text = messages::format_instant(through);
    log::debug("region billed", {{"region", region.name}, {"through", text}});
  }
  return {};
}

void Biller::wait_after(const Error& error, std::stop_token stop) {
  log::warn("billing has to wait", {{"reason", error.detail}});
  process::pause(stop, 250ms);
}

}  // namespace vsim::workers
