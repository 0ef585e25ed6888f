#include "workers/janitor.h"

#include "ops/telemetry/log.h"
#include "workers/pause.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

constexpr auto round_every = 500ms;

// The wall's time: what waits here waits in real seconds.
Instant wall_now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

}  // namespace

Janitor::Janitor(FleetView& view, PurgeVerdicts& purge_verdicts, Standby::IsActive is_active)
    : view_(view), purge_verdicts_(purge_verdicts), standby_(std::move(is_active)) {}

void Janitor::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) return;
  while (!stop.stop_requested()) {
    round();
    pause(stop, round_every);
  }
}

void Janitor::round() {
  const auto now = wall_now();
  const auto purged = purge_verdicts_.look(now);
  note("look for purged commands",
       purged ? eventstore::Result<void>() : tl::unexpected(purged.error()));
  if (!standby_.must_act(purged ? *purged : std::nullopt)) return;
  note("purge verdicts", purge_verdicts_.give(now));
}

void Janitor::note(const char* duty, const eventstore::Result<void>& result) {
  auto& said = troubles_[duty];
  const auto trouble = result ? std::string() : result.error().detail;
  if (!trouble.empty() && trouble != said) {
    log::warn("the janitor has to wait", {{"duty", duty}, {"reason", trouble}});
  }
  said = trouble;
}

}  // namespace vsim::workers
