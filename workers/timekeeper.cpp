#include "workers/timekeeper.h"

#include "ops/telemetry/log.h"
#include "workers/due_deadlines.h"
#include "workers/pause.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

// Each event of time is one message, so this is far below what a batch holds.
constexpr std::size_t servers_at_once = 400;

// Rounds do not follow each other faster, so that under load one batch holds many deadlines.
constexpr auto round_min = 25ms;

// How long one that stands by leaves overdue deadlines to the active one.
constexpr auto overdue_max = 2s;

}  // namespace

Timekeeper::Timekeeper(eventstore::EventStore& store, FleetView& view, IsActive is_active,
                       telemetry::Metrics& metrics)
    : store_(store),
      view_(view),
      is_active_(std::move(is_active)),
      fired_(metrics.counter("vsim_deadlines_fired_total", "Deadlines brought into the log")),
      lateness_(metrics.histogram("vsim_deadline_lateness_seconds",
                                  "Simulated seconds from a deadline to the decision on it", {},
                                  {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60})),
      pending_(metrics.gauge("vsim_deadlines_pending", "Deadlines that wait for their time")) {}

bool Timekeeper::must_act() {
  if (is_active_()) return true;
  const auto now = std::chrono::steady_clock::now();
  if (view_.due(1).empty()) nothing_due_at_ = now;
  return now - nothing_due_at_ > overdue_max;
}

void Timekeeper::run(std::stop_token stop) {
  const OnDue on_due = [this](const Event& event, Instant now) {
    fired_.add();
    lateness_.observe(std::chrono::duration<double>(now - event.at).count());
  };
  if (!view_.wait_until_ready(stop)) return;
  nothing_due_at_ = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    if (!must_act()) {
      pause(stop, 250ms);
      continue;
    }
    const auto due = view_.due(servers_at_once);
    pending_.set(static_cast<double>(view_.status().deadlines));
    if (due.empty()) {
      view_.wait_for_due(stop);
      continue;
    }
    const auto began_at = std::chrono::steady_clock::now();
    if (const auto ok = apply_due(store_, view_, due, on_due); !ok) {
      log::warn("deadlines have to wait", {{"reason", ok.error().detail}});
      pause(stop, 250ms);
    } else if (due.size() < servers_at_once) {
      pause(stop, round_min - (std::chrono::steady_clock::now() - began_at));
    }
  }
}

}  // namespace vsim::workers
