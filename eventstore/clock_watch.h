#pragma once

// Measures the broker's time periodically.

#include <functional>
#include <stop_token>
#include <string>

#include "eventstore/broker.h"
#include "eventstore/broker_clock.h"

namespace vsim::eventstore {

/// One measurement: asks for a stream's facts, whose answer bears the time of the broker that
/// stamps the stream's messages. Blocks as long as the connection's time-out.
Result<void> measure(const Broker& broker, const std::string& stream, BrokerClock& clock);

/// A thread's work. `after_each` runs on that thread after each measurement, also a failed one.
class ClockWatch {
 public:
  /// All outlive it.
  ClockWatch(const Broker& broker, std::string stream, BrokerClock& clock,
             std::function<void()> after_each = {})
      : broker_(broker),
        stream_(std::move(stream)),
        clock_(clock),
        after_each_(std::move(after_each)) {}

  /// Every second; the first few, and those without an answer, more quickly.
  void run(std::stop_token stop);

 private:
  const Broker& broker_;
  const std::string stream_;
  BrokerClock& clock_;
  const std::function<void()> after_each_;
};

}  // namespace vsim::eventstore
