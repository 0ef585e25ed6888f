#pragma once

// The wall's time as the broker has it, whatever this machine's own clock says: a clock that nobody
// sets, plus an offset that is measured again and again against the broker's stamps. D38.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "eventstore/message.h"

namespace vsim::eventstore {

/// Time since the machine was started (CLOCK_BOOTTIME). Nobody sets it, and it goes on while the
/// machine is suspended, which steady_clock does not on Linux.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};

/// When a clock is no longer good enough to decide by.
struct ClockLimits {
  std::chrono::nanoseconds uncertainty_max = std::chrono::milliseconds(500);
  std::chrono::nanoseconds silent_max = std::chrono::seconds(10);  // since the last measurement
};

/// Any thread.
class BrokerClock {
 public:
  using Ticks = BootClock::time_point;

  /// How far two machines' clocks part, at most, while nobody measures: what a quartz without any
  /// correction is allowed. Where the broker's clock is being slewed faster, each measurement
  /// contradicts the last one a little, and takes its place.
  static constexpr std::int64_t drift_parts_per_million_max = 100;

  /// The least step of the broker's clock that counts as one.
  static constexpr std::chrono::nanoseconds jump_min = std::chrono::milliseconds(100);

  /// `ticks` is the clock that goes on between measurements; tests bring their own.
  explicit BrokerClock(ClockLimits limits = {}, std::function<Ticks()> ticks = BootClock::now);

  /// Learns that it was `broker_time` at some moment between these two (Cristian's method).
  /// Each measurement leaves an interval for the offset; what is known is where all of them meet,
  /// each as wide as clocks may have parted since. One that does not meet the others says that the
  /// broker's clock was set: it alone counts from then on.
  void learn(Ticks asked_at, Timestamp broker_time, Ticks answered_at);

  /// Whether anything has been measured yet; it stays so.
  bool known() const;

  /// The broker's time. It must be known. Never falls, but when the broker's own clock is set back
  /// by `jump_min` or more (set_back). Stands still when the uncertainty has come to its limit: 83
  /// minutes after the last measurement, if that was exact.
  Timestamp now() const;

  /// How often the broker's clock was set back by `jump_min` or more, as this process has seen, and
  /// the latest time that now() could have given before: what was decided by then must stay so.
  struct SetBack {
    std::uint64_t times = 0;
    Timestamp reached = Timestamp::min();
  };
  SetBack set_back() const;

  /// Why nothing may be decided by this clock, as a sentence; empty when it may.
  std::string trouble() const;

  struct Status {
    bool known = false;                  // else nothing that follows holds
    std::chrono::nanoseconds offset{0};  // of this machine's clock, ahead of the broker's
    std::chrono::nanoseconds uncertainty{0};
    std::chrono::nanoseconds age{0};  // of the last measurement
    std::uint64_t jumps = 0;          // of the broker's clock, seen by this process
    std::chrono::nanoseconds last_jump{0};
  };
  Status status() const;

 private:
  /// Where the broker's time less ours lies.
  struct Bounds {
    std::chrono::nanoseconds least{0};
    std::chrono::nanoseconds most{0};
    std::chrono::nanoseconds middle() const { return least + (most - least) / 2; }
    std::chrono::nanoseconds half() const { return (most - least) / 2; }
  };
  Bounds bounds_at(Ticks ticks) const;
  Timestamp estimate(Ticks ticks) const;

  const ClockLimits limits_;
  const std::function<Ticks()> ticks_;

  mutable std::mutex mutex_;
  std::optional<Bounds> bounds_;  // at measured_at_; none: never measured
  Ticks measured_at_{};
  mutable Timestamp latest_ = Timestamp::min();  // that now() has given
  SetBack set_back_;
  std::uint64_t jumps_ = 0;
  std::chrono::nanoseconds last_jump_{0};
};

}  // namespace vsim::eventstore
