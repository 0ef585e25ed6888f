// What a process has of its machine beside broker, Postgres, threads and clocks: signals, its HTTP
// page, its log. D80

#include "ops/process/shutdown.h"
#include "ops/telemetry/log.h"
#include "ops/telemetry/metrics_server.h"
#include "tests/simulation/machine.h"

namespace vsim::process {

ShutdownSignals::ShutdownSignals(Hangup hangup) : hangup_(hangup) {}
ShutdownSignals::~ShutdownSignals() { finished_.request_stop(); }

}  // namespace vsim::process

namespace vsim::telemetry {

struct MetricsServer::Impl {};
MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;

tl::expected<std::unique_ptr<MetricsServer>, std::string> MetricsServer::start(
    const std::string&, std::uint16_t, Metrics&, std::function<Readiness()>) {
  return std::unique_ptr<MetricsServer>(new MetricsServer(nullptr));
}

}  // namespace vsim::telemetry

namespace vsim::log {

bool enabled(Level level) { return level >= Level::warn; }

/// Among the steps.
void write(Level level, std::string_view message, Fields fields) {
  if (level < Level::warn || simulation::Machine::current() == nullptr) {
    return;
  }
  std::string line = "  logs: " + std::string(message);
  for (const auto& field : fields) {
    line += " " + std::string(field.name()) + "=" + std::string(field.text());
  }
  simulation::Machine::here().note(line);
}

}  // namespace vsim::log
