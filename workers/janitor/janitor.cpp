#include "workers/janitor/janitor.h"

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

constexpr auto round_every = 500ms;

// What waits here waits in real seconds, and only lengths of time matter: so it is counted from the
// machine's start, by a clock that nobody sets.
Instant real_now() {
  return Instant(std::chrono::floor<Duration>(eventstore::BootClock::now().time_since_epoch()));
}

}  // namespace

Janitor::Janitor(FleetView& view, JanitorDuties duties, Standby::IsActive is_active)
    : view_(view), duties_(duties), standby_(std::move(is_active)) {}

void Janitor::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) {
    return;
  }
  while (!stop.stop_requested()) {
    round();
    process::pause(stop, round_every);
  }
}

std::optional<Instant> Janitor::look(Instant now) {
  std::optional<Instant> oldest;
  const auto take = [&](const char* duty, const eventstore::Result<std::optional<Instant>>& since) {
    report(duty, since ? eventstore::Result<void>() : tl::unexpected(since.error()));
    if (since && *since) {
      oldest = std::min(oldest.value_or(**since), **since);
    }
  };
  take("look for purged commands", duties_.purge_verdicts.look(now));
  take("look into the outbox", duties_.pool_outbox.look());
  return oldest;
}

void Janitor::round() {
  const auto now = real_now();
  const auto in_time = view_.check_time();
  report("know the time", in_time);
  if (!in_time) {
    return;
  }
  if (!standby_.must_act(look(now))) {
    return;
  }
  report("purge verdicts", duties_.purge_verdicts.give(now));
  report("outbox", duties_.pool_outbox.publish());
  report("delivery sweep", duties_.delivery_sweep.sweep());
  report("journal repair", duties_.journal_repair.run_if_due(std::chrono::steady_clock::now()));
}

void Janitor::report(const char* duty, const eventstore::Result<void>& result) {
  auto& said = troubles_[duty];
  const auto trouble = result ? std::string() : result.error().detail;
  if (!trouble.empty() && trouble != said) {
    log::warn("the janitor has to wait", {{"duty", duty}, {"reason", trouble}});
  }
  said = trouble;
}

}  // namespace vsim::workers
