#include "ops/telemetry/clock_gauges.h"

#include <limits>

#include "ops/telemetry/log.h"

namespace vsim::telemetry {
namespace {

double seconds(std::chrono::nanoseconds length) {
  return std::chrono::duration<double>(length).count();
}

}  // namespace

ClockGauges::ClockGauges(Metrics& metrics)
    : offset_(metrics.gauge("vsim_clock_offset_seconds",
                            "How far this machine's clock is ahead of the broker's, by which vsim "
                            "goes; NaN: not measured yet")),
      uncertainty_(metrics.gauge("vsim_clock_uncertainty_seconds",
                                 "How far this process may be wrong about the broker's time, at "
                                 "most; +Inf: not measured yet")),
      age_(metrics.gauge("vsim_clock_age_seconds",
                         "Seconds since it was last measured; +Inf: never")),
      jumps_(metrics.counter("vsim_clock_jumps_total",
                             "Changes of the broker's clock by 0.1 s or more")) {}

void ClockGauges::show(const ClockReading& reading) const {
  constexpr double never = std::numeric_limits<double>::infinity();
  offset_.set(reading.offset ? seconds(*reading.offset) : std::numeric_limits<double>::quiet_NaN());
  uncertainty_.set(reading.offset ? seconds(reading.uncertainty) : never);
  age_.set(reading.offset ? seconds(reading.age) : never);
}

void ClockGauges::log_changes(const ClockReading& reading) {
  if (reading.jumps > jumps_seen_) {
    jumps_.add(static_cast<double>(reading.jumps - jumps_seen_));
    jumps_seen_ = reading.jumps;
    log::warn(
        "the broker's clock was set, and vsim's time goes with it; simulated time never goes "
        "back",
        {{"by_seconds", seconds(reading.last_jump)}});
  }
  const bool in_trouble = !reading.trouble.empty();
  if (in_trouble && !in_trouble_) {
    log::warn("out of service: nothing is decided", {{"reason", reading.trouble}});
  } else if (!in_trouble && in_trouble_) {
    log::info("the broker's time is known again");
  }
  in_trouble_ = in_trouble;
}

}  // namespace vsim::telemetry
