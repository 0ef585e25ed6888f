#include "api/simulated_clock.h"

#include <algorithm>

#include "ops/process/clock_of_log.h"
#include "ops/telemetry/log.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
SimulatedClock::SimulatedClock(eventstore::EventStore& events, eventstore::Broker& broker,
                               const eventstore::BrokerClock& wall)
    : events_(events), wall_(wall), watch_(broker, std::string(messages::clock_subject), [this] {
        refresh();
        return version();
      }) {}

void SimulatedClock::refresh() {
  auto clock = process::load_clock(events_);
  if (!clock) {
    // The state that we have holds until the broker can be asked again.
    if (clock.error().kind == eventstore::Error::Kind::refused) {
      log::warn("the simulated clock cannot be read", {{"error", clock.error().detail}});
    }
    return;
  }
  const std::lock_guard lock(mutex_);
  looked_ = true;
  // Another thread may have read a later one.
  if (*clock && (!clock_ || clock_->version < (*clock)->version)) {
    clock_ = std::move(*clock);
  }
}

Instant SimulatedClock::now() {
  const auto wall = wall_.now();
  const std::lock_guard lock(mutex_);
  const Instant now = clock_ ? simulated_at(*clock_, wall) : std::chrono::floor<Duration>(wall);
  latest_ = clock_ ? std::max(latest_, now) : latest_;
  return std::max(latest_, now);
}

bool SimulatedClock::known() const {
  const std::lock_guard lock(mutex_);
  return looked_ && wall_.known();
}

bool SimulatedClock::started() const {
  const std::lock_guard lock(mutex_);
  return clock_.has_value();
}

double SimulatedClock::scale() const {
  const std::lock_guard lock(mutex_);
  return clock_ ? clock_->time.scale : 1;
}

Version SimulatedClock::version() const {
  const std::lock_guard lock(mutex_);
  return clock_ ? clock_->version : 0;
}

}  // namespace vsim::api
