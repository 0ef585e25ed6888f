#pragma once

// The subcommands of vsimctl. Each add_NAME declares one: its arguments, its help, and a callback
// that stores its task in `chosen`; main runs the task after reading the settings. A mistake that
// shows in the arguments alone throws a CLI::ParseError in the callback: exit status 2. A task's
// error is one line that says what is wrong and how to go on: exit status 1.

#include <functional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "ops/process/settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vsim::vsimctl {

/// What a task returns when it fails: the one line.
inline tl::unexpected<std::string> failed(std::string why) {
  return tl::unexpected(std::move(why));
}

using Task = std::function<tl::expected<void, std::string>(const process::CommonSettings&)>;
/// A task that uses neither broker nor Postgres, and needs none of their settings.
using LocalTask = std::function<tl::expected<void, std::string>()>;

void add_api(CLI::App& app, LocalTask& chosen);
void add_clock(CLI::App& app, Task& chosen);
void add_dlq(CLI::App& app, Task& chosen);
void add_doctor(CLI::App& app, Task& chosen);
void add_history(CLI::App& app, Task& chosen);
void add_journal(CLI::App& app, Task& chosen);
void add_keys(CLI::App& app, LocalTask& chosen);
void add_lost(CLI::App& app, Task& chosen);
void add_migrate(CLI::App& app, Task& chosen);
void add_pool(CLI::App& app, Task& chosen);
void add_profile(CLI::App& app, LocalTask& chosen);
void add_rebuild(CLI::App& app, Task& chosen);
void add_region(CLI::App& app, Task& chosen);
void add_status(CLI::App& app, Task& chosen);
void add_terminate(CLI::App& app, Task& chosen);
void add_verify(CLI::App& app, Task& chosen);

}  // namespace vsim::vsimctl
