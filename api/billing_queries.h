#pragma once

// Usage and cost of a stretch of time.

#include "api/read_side.h"
#include "api/simulated_clock.h"

namespace vsim::api {

/// Any thread.
class BillingQueries {
 public:
  /// Both outlive it.
  BillingQueries(ReadSide& read_side, SimulatedClock& clock)
      : read_side_(read_side), clock_(clock) {}

  Answer get(const Call& call);  // GET /billing

 private:
  ReadSide& read_side_;
  SimulatedClock& clock_;
};

}  // namespace vsim::api
