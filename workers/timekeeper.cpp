#include "workers/timekeeper.h"

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "workers/billing_boundary.h"
#include "workers/reaped_servers.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Append;
using eventstore::Error;
using eventstore::Result;
using std::chrono::steady_clock;

// Rounds of single deadlines do not follow each other faster, so that under load one batch holds
// many.
constexpr auto round_min = 25ms;
constexpr std::size_t small_round = 100;

// Billing's boundaries may come in quick succession on a fast clock; so often the log is told.
constexpr auto said_min = 250ms;

constexpr int attempts_max = 100;

OnDue observer(FleetView& view, telemetry::Metrics& metrics) {
  const auto fired =
      metrics.counter("vsim_deadlines_fired_total", "Deadlines brought into the log");
  const auto lateness = metrics.histogram(
      "vsim_deadline_lateness_seconds",
      "Seconds of the wall that an event of time entered the log after its deadline", {},
      {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 60});
  return [&view, fired, lateness, reaped = ReapedServers(metrics)](const Event& event) {
    fired.add();
    lateness.observe(view.wall_seconds_since(event.at));
    reaped.note(event);
  };
}

}  // namespace

Timekeeper::Timekeeper(eventstore::EventStore& store, FleetView& view, Standby::IsActive is_active,
                       telemetry::Metrics& metrics, Duration billing_interval)
    : store_(store),
      view_(view),
      standby_(std::move(is_active)),
      billing_interval_(billing_interval),
      on_due_(observer(view, metrics)) {}

void Timekeeper::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    if (const auto ok = view_.check_time(); !ok) {
      note_setback(ok.error(), stop);
    } else if (standby_.must_act(oldest_unfinished())) {
      act(stop);
    } else {
      process::pause(stop, 250ms);
    }
  }
}

std::optional<Instant> Timekeeper::oldest_unfinished() const {
  const auto due = view_.due(view_.now(), 1);
  const auto owed = owed_since();
  if (due.empty() || (owed && *owed < due.front().due)) {
    return owed;
  }
  return due.front().due;
}

bool Timekeeper::owes_a_change() const {
  const auto clock = view_.clock();
  return clock.deadlines_applied_through < clock.time.sim;
}

std::optional<Instant> Timekeeper::owed_since() const {
  const auto clock = view_.clock();
  if (owes_a_change()) {
    return clock.time.sim;
  }
  const auto boundary = boundary_after(clock.deadlines_applied_through, billing_interval_);
  const bool is_billed = boundary <= view_.now() && !view_.regions_in_use().empty();
  return is_billed ? std::optional(boundary) : std::nullopt;
}

void Timekeeper::act(std::stop_token stop) {
  const bool may_wait = steady_clock::now() - said_at_ < said_min && !owes_a_change();
  if (owed_since() && !may_wait) {
    apply_all(stop);
  } else {
    apply_some(stop);
  }
}

void Timekeeper::apply_some(std::stop_token stop) {
  const auto began_at = steady_clock::now();
  const auto looked_at = apply_due(store_, view_, view_.now(), std::nullopt, on_due_);
  if (!looked_at) {
    return note_setback(looked_at.error(), stop);
  }
  if (*looked_at == 0) {
    const auto said = view_.clock().deadlines_applied_through;
    const bool is_billed = !view_.regions_in_use().empty();
    view_.wait_for_due(stop, is_billed ? boundary_after(said, billing_interval_) : Instant::max(),
                       said_at_ + said_min);
  } else if (*looked_at < small_round && !owes_a_change()) {
    process::pause(stop, round_min - (steady_clock::now() - began_at));
  }
}

void Timekeeper::apply_all(std::stop_token stop) {
  const auto through = view_.now();
  // Whatever was decided before that moment is looked at.
  if (!view_.catch_up()) {
    return note_setback({Error::Kind::unavailable, "the view cannot catch up with the log"}, stop);
  }
  while (!stop.stop_requested()) {
    const auto looked_at = apply_due(store_, view_, through, std::nullopt, on_due_);
    if (!looked_at) {
      return note_setback(looked_at.error(), stop);
    }
    if (*looked_at == 0) {
      break;
    }
  }
  if (stop.stop_requested()) {
    return;
  }
  if (const auto ok = say_applied(through); !ok) {
    return note_setback(ok.error(), stop);
  }
  said_at_ = steady_clock::now();
  view_.catch_up();  // so that it is not said twice
}

Result<void> Timekeeper::say_applied(Instant through) {
  const std::string subject(messages::clock_subject);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto last = store_.load_last(std::span(&subject, 1));
    if (!last) {
      return tl::unexpected(last.error());
    }
    if (last->empty()) {
      return eventstore::fail(Error::Kind::refused, "the log has no clock");
    }
    const auto clock = messages::read_clock(last->front());
    if (!clock) {
      return eventstore::fail(Error::Kind::refused, "the clock: " + clock.error());
    }
    if (clock->deadlines_applied_through >= through) {
      return {};
    }
    const Append append{subject,
                        messages::encode(deadlines_applied(*clock, through), *clock),
                        {},
                        eventstore::Expectation{subject, last->front().sequence}};
    const auto appended = store_.append(std::span(&append, 1));
    if (appended) {
      return {};
    }
    // It stays true after a change of the clock, so it is only said again.
    if (!appended.error().needs_another_look()) {
      return tl::unexpected(appended.error());
    }
  }
  return eventstore::fail(Error::Kind::conflict, "the clock changed faster than it could be read");
}

void Timekeeper::note_setback(const Error& error, std::stop_token stop) {
  log::warn("deadlines have to wait", {{"reason", error.detail}});
  process::pause(stop, 250ms);
}

}  // namespace vsim::workers
