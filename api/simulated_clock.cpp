#include "api/simulated_clock.h"

#include <algorithm>
#include <condition_variable>

#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

constexpr std::chrono::milliseconds refresh_interval{250};

}  // namespace

SimulatedClock::SimulatedClock(eventstore::EventStore& events) : events_(events) {
  refresh();
  refresher_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      never.wait_for(lock, stop, refresh_interval, [] { return false; });
      refresh();
    }
  });
}

void SimulatedClock::refresh() {
  const std::string filter(messages::clock_subject);
  const auto last = events_.load_last({&filter, 1});
  if (!last || last->empty()) {
    return;  // the state that we have holds until the broker can be asked again
  }
  const auto clock = messages::read_clock(last->front());
  if (!clock) {
    log::warn("the log's last clock event cannot be read", {{"error", clock.error()}});
    return;
  }
  const std::lock_guard lock(mutex_);
  clock_ = clock->time;
}

Instant SimulatedClock::now() {
  const auto wall = std::chrono::system_clock::now();
  const std::lock_guard lock(mutex_);
  const Instant now = clock_ ? simulated_at(*clock_, wall) : std::chrono::floor<Duration>(wall);
  latest_ = clock_ ? std::max(latest_, now) : latest_;
  return std::max(latest_, now);
}

bool SimulatedClock::started() const {
  const std::lock_guard lock(mutex_);
  return clock_.has_value();
}

}  // namespace vsim::api
