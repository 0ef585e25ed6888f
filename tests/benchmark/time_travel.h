#pragma once

// `ops/bench time`: a fleet through 30 simulated days, each server stopped and started ten times,
// commands published straight into the queue, time moved by POST /clock; and the check that the
// bill is what the events say.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/benchmark/nats_raii.h"
#include "tests/benchmark/options.h"
#include "tests/benchmark/table.h"

namespace vsim::bench {

class TimeTravel {
 public:
  /// Both outlive it.
  TimeTravel(const Options& options, Report& report);

  /// Blocks for minutes. The pool must have room for the fleet.
  void run();

 private:
  /// The same command for every server of the fleet; returns when the queue is empty again.
  void send_to_all(std::string_view command);
  void wait_until_carried_out();
  /// Moves time; returns when all that fell due can be read. False: it did not answer 200.
  bool advance(std::chrono::seconds by);
  void check_bill(const std::string& from, const std::string& to, double seconds);

  const Options& options_;
  Report& report_;
  Connection connection_;
  std::string prefix_;  // of this run's servers
  std::vector<std::string> servers_;
  std::size_t commands_ = 0;
};

}  // namespace vsim::bench
