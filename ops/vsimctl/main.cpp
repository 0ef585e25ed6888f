// The operator's tool. Exit status: 0 done, 1 failed, 2 wrong usage; one line on stderr says why
// and how to go on.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "eventstore/broker.h"
#include "ops/process/settings.h"
#include "ops/telemetry/build_info.h"
#include "ops/vsimctl/subcommands.h"

namespace {

using vsim::vsimctl::Task;

int complain(std::string why, int status) {
  std::replace(why.begin(), why.end(), '\n', ' ');
  fmt::print(stderr, "vsimctl: {}\n", why);
  return status;
}

/// The flags of settings, which may stand anywhere: "--flag=value" each, as they were given.
class SettingArguments {
 public:
  explicit SettingArguments(CLI::App& app) {
    for (const auto& [flag, meaning] : vsim::process::common_flags()) {
      app.add_option_function<std::string>(
             flag, [this, flag = flag](const std::string& v) { given_.push_back(flag + "=" + v); },
             meaning)
          ->group("Settings, also from the environment (NATS_URL and so on)");
    }
  }

  auto read() const {
    std::vector<const char*> arguments{"vsimctl"};
    for (const auto& argument : given_) {
      arguments.push_back(argument.c_str());
    }
    return vsim::process::read_common_settings(static_cast<int>(arguments.size()),
                                               arguments.data());
  }

 private:
  std::vector<std::string> given_;
};

int finish(const tl::expected<void, std::string>& done) {
  return done ? 0 : complain(done.error(), 1);
}

int run(const SettingArguments& arguments, const Task& task) {
  const auto settings = arguments.read();
  if (!settings) {
    std::string mistakes;
    for (const auto& mistake : settings.error().mistakes) {
      mistakes += (mistakes.empty() ? "" : "; ") + mistake;
    }
    return complain(mistakes, 2);
  }
  const vsim::eventstore::BrokerLibrary library;
  return finish(task(*settings));
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what escapes is the lack of memory
int main(int argc, char** argv) {
  CLI::App app("vsim's tool for operators.", "vsimctl");
  app.set_version_flag("--version", "vsimctl " + std::string(vsim::telemetry::build_version()));
  app.require_subcommand(1);
  app.fallthrough();  // what a subcommand does not know may be a setting
  const SettingArguments settings(app);
  Task chosen;
  vsim::vsimctl::LocalTask chosen_local;
  vsim::vsimctl::add_api(app, chosen_local);
  vsim::vsimctl::add_clock(app, chosen);
  vsim::vsimctl::add_dlq(app, chosen);
  vsim::vsimctl::add_doctor(app, chosen);
  vsim::vsimctl::add_history(app, chosen);
  vsim::vsimctl::add_journal(app, chosen);
  vsim::vsimctl::add_keys(app, chosen_local);
  vsim::vsimctl::add_lost(app, chosen);
  vsim::vsimctl::add_migrate(app, chosen);
  vsim::vsimctl::add_pool(app, chosen);
  vsim::vsimctl::add_profile(app, chosen_local);
  vsim::vsimctl::add_rebuild(app, chosen);
  vsim::vsimctl::add_region(app, chosen);
  vsim::vsimctl::add_status(app, chosen);
  vsim::vsimctl::add_terminate(app, chosen);
  vsim::vsimctl::add_verify(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + "; see vsimctl --help", 2);
  }
  return chosen_local ? finish(chosen_local()) : run(settings, chosen);
}
