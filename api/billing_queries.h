#pragma once

// GET /billing: usage and cost of a window of time. D40

#include "api/applied_time.h"
#include "api/read_side.h"
#include "api/simulated_clock.h"

namespace vsim::api {

/// Any thread.
class BillingQueries {
 public:
  /// All outlive it.
  BillingQueries(ReadSide& read_side, SimulatedClock& clock, AppliedTime& applied)
      : read_side_(read_side), clock_(clock), applied_(applied) {}

  Answer get(const Call& call);  // GET /billing

 private:
  ReadSide& read_side_;
  SimulatedClock& clock_;
  AppliedTime& applied_;
};

}  // namespace vsim::api
