#include "eventstore/broker_clock.h"

#include <algorithm>

#include <fmt/format.h>
#include <time.h>

namespace vsim::eventstore {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t million = 1'000'000;

nanoseconds drift_within(nanoseconds length) {
  return std::max(length, nanoseconds(0)) / million * BrokerClock::drift_parts_per_million_max;
}

double seconds(nanoseconds length) { return std::chrono::duration<double>(length).count(); }

}  // namespace

BootClock::time_point BootClock::now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return time_point(std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec));
}

BrokerClock::BrokerClock(ClockLimits limits, std::function<Ticks()> ticks)
    : limits_(limits), ticks_(std::move(ticks)) {}

void BrokerClock::learn(Ticks asked_at, Timestamp broker_time, Ticks answered_at) {
  const Bounds fresh{broker_time.time_since_epoch() - answered_at.time_since_epoch(),
                     broker_time.time_since_epoch() - asked_at.time_since_epoch()};
  const std::lock_guard lock(mutex_);
  if (!bounds_) {
    bounds_ = fresh;
  } else {
    const auto before = bounds_at(answered_at);
    const Bounds meet{std::max(before.least, fresh.least), std::min(before.most, fresh.most)};
    bounds_ = meet.least <= meet.most ? meet : fresh;
    if (const auto jump = fresh.middle() - before.middle();
        meet.least > meet.most && (jump >= jump_min || jump <= -jump_min)) {
      ++jumps_;
      last_jump_ = jump;
      if (jump < nanoseconds(0)) {
        const Timestamp shown(answered_at.time_since_epoch() + before.middle());
        set_back_ = {set_back_.times + 1, std::max({set_back_.reached, latest_, shown})};
      }
      latest_ = Timestamp::min();
    }
  }
  measured_at_ = answered_at;
}

BrokerClock::Bounds BrokerClock::bounds_at(Ticks ticks) const {
  const auto drift = drift_within(ticks - measured_at_);
  return {bounds_->least - drift, bounds_->most + drift};
}

Timestamp BrokerClock::estimate(Ticks ticks) const {
  return Timestamp(ticks.time_since_epoch() + bounds_->middle());
}

bool BrokerClock::known() const {
  const std::lock_guard lock(mutex_);
  return bounds_.has_value();
}

Timestamp BrokerClock::now() const {
  const std::lock_guard lock(mutex_);
  const auto room = std::max(limits_.uncertainty_max - bounds_.value().half(), nanoseconds(0));
  const auto sure_until = measured_at_ + room / drift_parts_per_million_max * million;
  latest_ = std::max(latest_, estimate(std::min(ticks_(), sure_until)));
  return latest_;
}

BrokerClock::SetBack BrokerClock::set_back() const {
  const std::lock_guard lock(mutex_);
  return set_back_;
}

std::string BrokerClock::trouble() const {
  const std::lock_guard lock(mutex_);
  if (!bounds_) {
    return "the broker's time has not been measured yet";
  }
  const auto ticks = ticks_();
  if (const auto age = ticks - measured_at_; age > limits_.silent_max) {
    return fmt::format("the broker's time was last measured {:.0f} s ago", seconds(age));
  }
  if (const auto uncertainty = bounds_at(ticks).half(); uncertainty > limits_.uncertainty_max) {
    return fmt::format("the broker's time is known within {:.1f} s only: it answers too slowly",
                       seconds(uncertainty));
  }
  return {};
}

BrokerClock::Status BrokerClock::status() const {
  const std::lock_guard lock(mutex_);
  Status status;
  status.known = bounds_.has_value();
  if (!status.known) {
    return status;
  }
  const auto ticks = ticks_();
  status.offset = Timestamp(std::chrono::system_clock::now()) - estimate(ticks);
  status.uncertainty = bounds_at(ticks).half();
  status.age = ticks - measured_at_;
  status.jumps = jumps_;
  status.last_jump = last_jump_;
  return status;
}

}  // namespace vsim::eventstore
