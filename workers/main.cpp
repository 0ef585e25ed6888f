// vsim-worker: decides commands, keeps the time, projects events. Settings in, parts wired, run
// until told to stop.

#include <cstdio>

#include "eventstore/broker.h"
#include "ops/process/last_words.h"
#include "ops/process/settings.h"
#include "ops/process/shutdown.h"
#include "ops/telemetry/log.h"
#include "ops/telemetry/metrics_server.h"
#include "workers/worker_process.h"

int main(int argc, char** argv) {
  using namespace vsim;
  const auto settings = process::read_worker_settings(argc, argv);
  if (!settings) {
    return settings.error().report();
  }
  log::set_up("vsim-worker", settings->log_level, settings->log_format);
  process::leave_last_words();

  process::ShutdownSignals signals;
  const eventstore::BrokerLibrary library;
  telemetry::Metrics metrics;
  const auto process = workers::WorkerProcess::make(*settings, metrics, signals.token());
  if (!process) {
    log::error("the worker cannot start", {{"reason", process.error()}});
    return 1;
  }
  const auto server =
      telemetry::MetricsServer::start(settings->metrics.host, settings->metrics.port, metrics,
                                      [&process] { return (*process)->readiness(); });
  if (!server) {
    log::error("the worker cannot start", {{"reason", server.error()}});
    return 1;
  }
  (*process)->run(signals.token());
  return 0;
}
