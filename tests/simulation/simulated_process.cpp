// What a process has of its machine beside broker, Postgres, threads and clocks: its catalogue,
// signals, its HTTP page, its log. D80

#include "ops/process/catalogue.h"
#include "ops/process/shutdown.h"
#include "ops/telemetry/log.h"
#include "ops/telemetry/metrics_server.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/profile_files.h"
#include "tests/simulation/machine.h"

namespace vsim::process {

/// What is shipped, and a profile of which every server is unlucky soon.
tl::expected<Catalogue, std::vector<std::string>> load_catalogue(const CommonSettings& settings) {
  auto catalogue = messages::load_catalogue(settings.schema_dir);
  const auto unlucky = messages::load_file(VSIM_SOURCE_DIR "/tests/simulation/unlucky.json");
  catalogue->profiles["unlucky"] = messages::read_profile(unlucky.value(), "unlucky").value();
  catalogue->default_profile = settings.profile;
  catalogue->idle_timeout = settings.idle_timeout;
  catalogue->lease_max = settings.lease_max;
  return catalogue;
}

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
