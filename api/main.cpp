// vsim-api: HTTP in, commands out, read models back.

#include "api/api_process.h"
#include "eventstore/broker.h"
#include "ops/telemetry/last_words.h"
#include "ops/telemetry/log.h"
#include "ops/telemetry/settings.h"
#include "ops/telemetry/shutdown.h"

int main(int argc, char** argv) {
  const auto settings = vsim::telemetry::read_api_settings(argc, argv);
  if (!settings) {
    return settings.error().report();
  }
  vsim::log::set_up("vsim-api", settings->log_level, settings->log_format);
  vsim::telemetry::leave_last_words();
  vsim::telemetry::ShutdownSignals signals(vsim::telemetry::ShutdownSignals::Hangup::wish);
  const vsim::eventstore::BrokerLibrary library;
  return vsim::api::run(*settings, signals);
}
