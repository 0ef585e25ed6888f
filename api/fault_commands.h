#pragma once

// The door's faults: shown, set and lifted. A change is a command like any other.

#include <functional>
#include <string>
#include <vector>

#include "api/command_gateway.h"
#include "api/fault_injector.h"
#include "api/log_side.h"
#include "api/simulated_clock.h"
#include "api/write_answers.h"

namespace vsim::api {

/// Any thread.
class FaultCommands {
 public:
  /// All outlive it. `routes` gives the names of all routes, and is called with a request;
  /// `stopping` ends waits.
  FaultCommands(CommandGateway& gateway, LogSide& log_side, FaultInjector& injector,
                SimulatedClock& time, std::function<std::vector<std::string>()> routes,
                std::function<bool()> stopping)
      : gateway_(gateway),
        log_side_(log_side),
        injector_(injector),
        time_(time),
        routes_(std::move(routes)),
        stopping_(std::move(stopping)) {}

  Answer get(const Call& call);   // GET /faults
  Answer set(const Call& call);   // PUT /faults
  Answer lift(const Call& call);  // DELETE /faults

 private:
  std::optional<std::string> find_unknown_route(const SetFaults& asked) const;
  Answer carry_out(const Call& call, WriteTerms terms, const FaultsAction& action);
  Reply<HttpResponse> show();

  CommandGateway& gateway_;
  LogSide& log_side_;
  FaultInjector& injector_;
  SimulatedClock& time_;
  const std::function<std::vector<std::string>()> routes_;
  const std::function<bool()> stopping_;
};

}  // namespace vsim::api
