#include "eventstore/clock_watch.h"

#include <condition_variable>
#include <mutex>

#include "eventstore/broker_facts.h"

namespace vsim::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 1s;
constexpr auto interval_after_failure = 250ms;
// The first answer may have waited for a connection that was busy with a start.
constexpr int quick_ones = 4;
constexpr auto interval_of_quick_ones = 50ms;

}  // namespace

Result<void> measure(const Broker& broker, const std::string& stream, BrokerClock& clock) {
  const auto asked_at = BootClock::now();
  const auto facts = stream_facts(broker, stream);
  const auto answered_at = BootClock::now();
  if (!facts) {
    return tl::unexpected(facts.error());
  }
  clock.learn(asked_at, facts->answered_at, answered_at);
  return {};
}

void ClockWatch::run(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  int quick = quick_ones;
  while (!stop.stop_requested()) {
    std::chrono::milliseconds wait = interval_after_failure;
    if (measure(broker_, stream_, clock_)) {
      wait = quick > 0 ? interval_of_quick_ones : std::chrono::milliseconds(interval);
      if (quick > 0) {
        --quick;
      }
    }
    if (after_each_) {
      after_each_();
    }
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, wait, [] { return false; });
  }
}

}  // namespace vsim::eventstore
