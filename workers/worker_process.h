#pragma once

// The parts of one worker process, wired: connections, the view, and a thread for each role.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "ops/process/settings.h"
#include "ops/telemetry/metrics.h"
#include "ops/telemetry/readiness.h"

namespace vsim::workers {

class WorkerProcess {
 public:
  /// Reads the catalogue and connects to the broker, waiting for it until stopped. The error lists
  /// what forbids the start. `metrics` outlives the process.
  static tl::expected<std::unique_ptr<WorkerProcess>, std::string> make(
      const process::WorkerSettings& settings, telemetry::Metrics& metrics, std::stop_token stop);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Runs the roles until stopped; comes back when each has finished what it had in hand.
  void run(std::stop_token stop);

  /// Any thread, at any time.
  telemetry::Readiness readiness() const;

 private:
  struct Parts;
  explicit WorkerProcess(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace vsim::workers
