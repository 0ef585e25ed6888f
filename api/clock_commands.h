#pragma once

// The simulated clock: read, scaled and advanced. A change is a command like any other; it is
// answered when all that fell due by it can be read.

#include "api/command_gateway.h"
#include "api/simulated_clock.h"
#include "api/write_answers.h"
#include "schema/read_model/clock.h"

namespace vsim::api {

/// Any thread.
class ClockCommands {
 public:
  /// All outlive it. `stopping` ends the wait for what falls due.
  ClockCommands(CommandGateway& gateway, ReadSide& read_side, SimulatedClock& clock,
                std::function<bool()> stopping)
      : gateway_(gateway), read_side_(read_side), clock_(clock), stopping_(std::move(stopping)) {}

  Answer get(const Call& call);     // GET /clock
  Answer change(const Call& call);  // POST /clock

 private:
  Reply<read_model::ClockRow> read_clock();
  std::optional<read_model::ClockRow> wait_for_deadlines(
      std::chrono::steady_clock::time_point deadline);
  HttpResponse show(const read_model::ClockRow& clock);

  CommandGateway& gateway_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
  std::function<bool()> stopping_;
};

}  // namespace vsim::api
