// The operator's tool. Exit status: 0 done, 1 failed (one line on stderr says why), 2 asked
// wrongly.

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "eventstore/broker.h"
#include "ops/telemetry/build_info.h"
#include "ops/telemetry/settings.h"
#include "ops/vsimctl/migrate.h"

namespace {

/// Settings are read as every program of vsim does; what follows the subcommand are their flags.
int run_migrate(const std::vector<std::string>& flags) {
  std::vector<const char*> arguments{"vsimctl migrate"};
  for (const auto& flag : flags) {
    arguments.push_back(flag.c_str());
  }
  const auto settings =
      vsim::telemetry::read_worker_settings(static_cast<int>(arguments.size()), arguments.data());
  if (!settings) {
    return settings.error().report();
  }
  const vsim::eventstore::BrokerLibrary library;
  if (const auto done = vsim::vsimctl::migrate(*settings); !done) {
    fmt::print(stderr, "vsimctl migrate: {}\n", done.error());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("vsim's tool for operators.", "vsimctl");
  app.set_version_flag("--version", "vsimctl " + std::string(vsim::telemetry::build_version()));
  app.require_subcommand(1);
  CLI::App* migrate = app.add_subcommand(
      "migrate", "Makes tables, streams, consumers and the log's first events where missing");
  migrate->prefix_command();  // the rest is read with the settings
  migrate->footer("Settings come from the environment or as flags; vsim-worker --help tells them.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "vsimctl: {}; see vsimctl --help\n", error.what());
    return 2;
  }
  return run_migrate(migrate->remaining());
}
