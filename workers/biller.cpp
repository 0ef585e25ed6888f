#include "workers/biller.h"

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "workers/billing_boundary.h"

namespace vsim::workers {

using namespace std::chrono_literals;
using eventstore::Append;
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
      note_setback(ok.error(), stop);
      continue;
    }
    const auto applied = view_.clock().deadlines_applied_through;
    const auto owed = find_owed(applied);
    if (!owed) {
      note_setback(owed.error(), stop);
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
          note_setback(ok.error(), stop);
        }
      }
    }
  }
}

Result<std::vector<Biller::Owed>> Biller::find_owed(Instant applied) {
  const auto through = boundary_up_to(applied, interval_);
  std::map<std::string, Owed> wanted;  // by subject
  for (const auto& region : view_.regions_in_use()) {
    const auto billed = billed_.find(region);
    if (billed != billed_.end() && billed->second >= through) {
      continue;
    }
    wanted[messages::billing_events(region)] = {{region, 1, through}, 0};
  }
  std::vector<Owed> owed;
  if (wanted.empty()) {
    return owed;
  }
  std::vector<std::string> subjects;
  for (const auto& [subject, watermark] : wanted) {
    subjects.push_back(subject);
  }
  const auto found = store_.load_last(subjects);
  if (!found) {
    return tl::unexpected(found.error());
  }
  for (const auto& message : *found) {
    const auto logged = messages::decode_event(message);
    const auto* last = logged ? std::get_if<BillingWatermark>(&*logged) : nullptr;
    if (last == nullptr) {
      return eventstore::fail(Error::Kind::refused, message.subject +
                                                        " ends with an event that this build "
                                                        "cannot read");
    }
    auto& next = wanted.at(message.subject);
    next.watermark.version = last->version + 1;
    next.last = message.sequence;
    if (last->through < through) {
      continue;
    }
    billed_[last->region] = last->through;
    wanted.erase(message.subject);
  }
  for (auto& [subject, watermark] : wanted) {
    owed.push_back(std::move(watermark));
  }
  return owed;
}

Result<void> Biller::append(const Owed& owed) {
  const auto& [region, version, through] = owed.watermark;
  const auto subject = messages::billing_events(region);
  const Append append{
      subject, messages::encode(owed.watermark), {}, eventstore::Expectation{subject, owed.last}};
  const auto appended = store_.append(std::span(&append, 1));
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

void Biller::note_setback(const Error& error, std::stop_token stop) {
  log::warn("billing has to wait", {{"reason", error.detail}});
  process::pause(stop, 250ms);
}

}  // namespace vsim::workers
