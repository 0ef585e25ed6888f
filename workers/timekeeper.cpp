#include "workers/timekeeper.h"

#include <algorithm>

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "workers/billing_boundary.h"
#include "workers/reaped_servers.h"
#include "workers/single_subject.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Error;
using eventstore::Result;
using std::chrono::steady_clock;

// Rounds of single deadlines do not follow each other faster, so that under load one batch holds
// many.
constexpr auto round_min = 25ms;
constexpr std::size_t small_round = 100;

// Billing's boundaries may come in quick succession on a fast clock; it is recorded this often at
// most.
constexpr auto said_min = 250ms;

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
    reaped.record(event);
  };
}

}  // namespace

Timekeeper::Timekeeper(eventstore::EventStore& store, FleetView& view, AppendCosts& costs,
                       Standby::IsActive is_active, telemetry::Metrics& metrics,
                       Duration billing_interval)
    : store_(store),
      view_(view),
      costs_(costs),
      standby_(std::move(is_active)),
      billing_interval_(billing_interval),
      on_due_(observer(view, metrics)) {}

void Timekeeper::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    if (const auto ok = view_.check_time(); !ok) {
      wait_after(ok.error(), stop);
    } else if (standby_.must_act(oldest_unfinished())) {
      act(stop);
    } else {
      process::pause(stop, 250ms);
    }
  }
}

std::optional<Standby::Oldest> Timekeeper::oldest_unfinished() const {
  const auto now = view_.now();
  std::optional<Standby::Oldest> oldest;
  const auto take = [&oldest](Instant since, const ServerId& of) {
    if (!oldest || since < oldest->since) {
      oldest = Standby::Oldest(since, of);
    }
  };
  for (const auto& server : view_.due(now, 1)) {
    take(server.due, server.server);
  }
  if (const auto ending = view_.ending_incident(now, std::nullopt)) {
    take(ending->due, {});
  }
  if (const auto owed = owed_since()) {
    take(*owed, {});
  }
  return oldest;
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
  if (const auto outage = view_.untold_outage(); outage && *outage <= reached(clock)) {
    return outage;
  }
  const auto boundary = boundary_after(clock.deadlines_applied_through, billing_interval_);
  const bool is_billed = boundary <= reached(clock) && !view_.regions_in_use().empty();
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
  const auto looked_at = apply_due(store_, view_, costs_, view_.now(), std::nullopt, on_due_);
  if (!looked_at) {
    return wait_after(looked_at.error(), stop);
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
  const auto clock = view_.clock();
  const auto through = reached(clock);
  // Whatever was stored before that moment is looked at.
  const auto log_through = view_.catch_up();
  if (!log_through) {
    return wait_after({Error::Kind::unavailable, "the view cannot catch up with the log"}, stop);
  }
  while (!stop.stop_requested()) {
    const auto looked_at = apply_due(store_, view_, costs_, through, std::nullopt, on_due_);
    if (!looked_at) {
      return wait_after(looked_at.error(), stop);
    }
    if (*looked_at == 0) {
      break;
    }
  }
  if (stop.stop_requested()) {
    return;
  }
  if (const auto ok = record_applied({through, log_through}, clock.time); !ok) {
    return wait_after(ok.error(), stop);
  }
  said_at_ = steady_clock::now();
  view_.catch_up();  // so that it is not said twice
}

Instant Timekeeper::reached(const SimClock& clock) const {
  return simulated_at(clock, view_.wall());
}

Result<void> Timekeeper::record_applied(const DeadlinesApplied& applied,
                                        const SimulatedTime& read_on) {
  using Said = SubjectDecision<ClockEvent, std::monostate>;
  const auto decide_once = [&](const HeadOf<messages::ClockLogged>& clock) -> Result<Said> {
    if (clock.sequence == 0) {
      return eventstore::fail(Error::Kind::refused, "the log has no clock");
    }
    // By a clock that was slowed down meanwhile others may still decide before that moment. The
    // same moment again is news of an outage that was stored late.
    const auto said = clock.state.deadlines_applied_through;
    const bool is_old =
        said > applied.through || (said == applied.through && !view_.untold_outage());
    if (is_old || clock.state.time != read_on) {
      return Said{};
    }
    return Said{deadlines_applied(clock.state, applied), {}};
  };
  const auto said = decide_on<messages::ClockLogged>(store_, std::string(messages::clock_subject),
                                                     {}, decide_once);
  if (!said) {
    return tl::unexpected(said.error());
  }
  return {};
}

void Timekeeper::wait_after(const Error& error, std::stop_token stop) {
  log::warn("deadlines have to wait", {{"reason", error.detail}});
  process::pause(stop, 250ms);
}

}  // namespace vsim::workers
