// vsim-worker: decides commands, keeps the time, projects events.

#include "eventstore/broker.h"
#include "ops/process/last_words.h"
#include "ops/process/settings.h"
#include "ops/process/shutdown.h"
#include "ops/telemetry/log.h"
#include "workers/worker_process.h"

int main(int argc, char** argv) {
  const auto settings = vsim::process::read_worker_settings(argc, argv);
  if (!settings) {
    return settings.error().report();
  }
  vsim::log::set_up("vsim-worker", settings->log_level, settings->log_format);
  vsim::process::leave_last_words();
  vsim::process::ShutdownSignals signals;
  const vsim::eventstore::BrokerLibrary library;
  return vsim::workers::run(*settings, signals);
}
