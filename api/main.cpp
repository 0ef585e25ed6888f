// vsim-api: HTTP in, commands out, read models back.

#include "api/api_process.h"
#include "eventstore/broker.h"
#include "ops/process/last_words.h"
#include "ops/process/settings.h"
#include "ops/process/shutdown.h"
#include "ops/telemetry/log.h"

int main(int argc, char** argv) {
  const auto settings = vsim::process::read_api_settings(argc, argv);
  if (!settings) {
    return settings.error().report();
  }
  vsim::log::set_up("vsim-api", settings->log_level, settings->log_format);
  vsim::process::leave_last_words();
  vsim::process::ShutdownSignals signals(vsim::process::ShutdownSignals::Hangup::wish);
  const vsim::eventstore::BrokerLibrary library;
  return vsim::api::run(*settings, signals);
}
