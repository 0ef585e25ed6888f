// What of a FleetView is about what will happen by itself: deadlines, and incidents of regions.

#include <algorithm>

#include "workers/fleet_view.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t overdue_max = 100'000;  // counted

}  // namespace

std::vector<DueServer> FleetView::due(Instant until, std::size_t max,
                                      const std::optional<Region>& region) const {
  const std::lock_guard lock(mutex_);
  return deadlines_.due(until, max, region);
}

DeadlineQueue::DueCount FleetView::overdue() const {
  const std::lock_guard lock(mutex_);
  if (!clock_ || !wall_.known()) {
    return {};
  }
  const auto wall = wall_.now();
  const auto until = overdue_until(clock_->time, wall);
  if (!until) {
    return {};
  }
  // Where the broker's clock was set back, simulated time stands still here and does not fall.
  const auto ahead = now_locked() - simulated_at(clock_->time, wall);
  return deadlines_.count_due(*until + ahead, overdue_max);
}

double FleetView::wall_seconds_since(Instant due) const {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> simulated = now_locked() - due;
  const std::chrono::duration<double> since_change = wall_.now() - clock_->time.stored_at;
  return std::max(0.0, std::min(simulated.count() / clock_->time.scale, since_change.count()));
}

Outages FleetView::outages_of(const Region& region) const {
  const auto found = regions_.find(region);
  return found == regions_.end() ? Outages() : Outages(found->second.state.outages);
}

// Of each server that runs there the last outage may bring something; whether it does, its last
// event tells when it is looked at. What is met on the way to the log's end is applied, if it was
// over before deadlines were last applied, and these speak of it. What comes later may be a
// decision of then that was stored late (D84).
void FleetView::hasten_running(const Region& region) {
  const auto outages = outages_of(region);
  if (outages.empty()) {
    return;
  }
  const auto& last = outages.back();
  const bool is_spoken_of = regions_.at(region).outages_since <= applied_log_through_;
  if (!caught_up_ && is_spoken_of && last.to && clock_ &&
      *last.to < clock_->deadlines_applied_through) {
    return;
  }
  running_.each(region,
                [&](const ServerId& server) { deadlines_.hasten(region, server, last.from); });
}

std::optional<FleetView::EndingIncident> FleetView::ending_incident(
    Instant until, const std::optional<Region>& region) const {
  const std::lock_guard lock(mutex_);
  std::optional<EndingIncident> first;
  for (const auto& [name, known] : regions_) {
    const auto due = due_of(known.state);
    const bool is_asked_for = !region || *region == name;
    if (is_asked_for && due && *due <= until && (!first || *due < first->due)) {
      first = EndingIncident{name, *due};
    }
  }
  return first;
}

std::optional<Instant> FleetView::untold_outage() const {
  const std::lock_guard lock(mutex_);
  std::optional<Instant> first;
  for (const auto& [region, known] : regions_) {
    for (const auto& outage : known.state.outages) {
      const bool is_told = outage.from <= clock_->deadlines_applied_through &&
                           known.outages_since <= applied_log_through_;
      if (!is_told && (!first || outage.from < *first)) {
        first = outage.from;
      }
    }
  }
  return first;
}

std::map<Region, bool> FleetView::incidents() const {
  const std::lock_guard lock(mutex_);
  std::map<Region, bool> regions;
  for (const auto& [region, known] : regions_) {
    regions[region] = clock_ && wall_.known() && incident_at(known.state, now_locked()) != nullptr;
  }
  return regions;
}

std::optional<Instant> FleetView::earliest_locked() const {
  auto earliest = deadlines_.earliest();
  for (const auto& [region, known] : regions_) {
    const auto due = due_of(known.state);
    earliest = due && (!earliest || *due < *earliest) ? due : earliest;
  }
  return earliest;
}

void FleetView::wait_for_due(std::stop_token stop, Instant moment,
                             std::chrono::steady_clock::time_point wake_min) {
  std::unique_lock lock(mutex_);
  const auto now = now_locked();
  const auto wait_until = [&](Instant next) {
    return next <= now ? 0ns : wall_until(clock_->time, wall_.now(), next);
  };
  const auto earliest = earliest_locked();
  const auto clock = clock_sequence_;
  const std::chrono::nanoseconds wake = wake_min - std::chrono::steady_clock::now();
  auto wait = std::min<std::chrono::nanoseconds>(500ms, std::max(wake, wait_until(moment)));
  if (earliest) {
    wait = std::min(wait, wait_until(*earliest));
  }
  if (wait.count() <= 0) {
    return;
  }
  changed_.wait_for(lock, stop, wait,
                    [&] { return earliest_locked() != earliest || clock_sequence_ != clock; });
}

void FleetView::wait_for_deadlines_applied(std::stop_token stop, Instant known) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, 500ms,
                    [&] { return clock_ && clock_->deadlines_applied_through > known; });
}

std::uint64_t FleetView::warm_changes() const {
  const std::lock_guard lock(mutex_);
  return warm_.changes();
}

std::uint64_t FleetView::wait_for_warm_change(std::stop_token stop, std::uint64_t known,
                                              std::chrono::milliseconds wait_max) {
  std::unique_lock lock(mutex_);
  warm_changed_.wait_for(lock, stop, wait_max, [&] { return warm_.changes() != known; });
  return warm_.changes();
}

}  // namespace vsim::workers
