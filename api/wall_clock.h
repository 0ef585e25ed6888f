#pragma once

// The wall's time as this API knows it: measured against the broker, shown in the metrics, and told
// to operators once a second.

#include <stop_token>

#include "eventstore/clock_watch.h"
#include "ops/telemetry/clock_gauges.h"

namespace vsim::api {

class WallClock {
 public:
  /// Both outlive it.
  WallClock(const eventstore::Broker& broker, telemetry::Metrics& metrics);
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

  /// Any thread may ask it.
  const eventstore::BrokerClock& time() const { return time_; }

  /// Measures until stopped.
  void watch(std::stop_token stop) { watch_.run(stop); }

 private:
  void tell();
  telemetry::ClockReading reading() const;

  const eventstore::Broker& broker_;
  eventstore::BrokerClock time_;
  telemetry::ClockGauges gauges_;
  eventstore::ClockWatch watch_;
};

}  // namespace vsim::api
