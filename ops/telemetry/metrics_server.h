#pragma once

// The worker's HTTP server: /metrics, /healthz and /readyz, nothing else. It has a few threads of
// its own, so that an operator gets an answer whatever the roles are doing.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "ops/telemetry/metrics.h"
#include "ops/telemetry/readiness.h"

namespace vsim::telemetry {

class MetricsServer {
 public:
  /// Listens until destroyed, on a host without brackets. `metrics` must outlive it; `readiness` is
  /// called by one thread and may block for seconds; a probe is answered at once
  /// (PromptReadiness). The error says why the address cannot be listened on.
  static tl::expected<std::unique_ptr<MetricsServer>, std::string> start(
      const std::string& host, std::uint16_t port, Metrics& metrics,
      std::function<Readiness()> readiness);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::telemetry
