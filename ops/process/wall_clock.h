#pragma once

// The wall's time as a process knows it: measured against the broker, shown in the metrics, and
// reported to operators once a second. D38

#include <stop_token>
#include <string>

#include "eventstore/clock_watch.h"
#include "ops/telemetry/clock_gauges.h"

namespace vsim::process {

class WallClock {
 public:
  /// `program` stands in the reports: "vsim-api". Broker and metrics outlive the clock.
  WallClock(std::string program, const eventstore::Broker& broker, telemetry::Metrics& metrics);
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

  /// Any thread may ask it.
  const eventstore::BrokerClock& time() const { return time_; }

  /// Measures until stopped. One thread.
  void watch(std::stop_token stop) { watch_.run(stop); }

 private:
  void report();
  telemetry::ClockReading reading() const;

  const std::string program_;
  const eventstore::Broker& broker_;
  eventstore::BrokerClock time_;
  telemetry::ClockGauges gauges_;
  eventstore::ClockWatch watch_;
};

}  // namespace vsim::process
