#pragma once

// The subcommands of vsimctl. Each add_NAME declares one: its arguments, its help, and a callback
// that puts what is to be done into `chosen`, where main finds it after reading the settings.
// What can be seen to be wrong without asking anybody throws a CLI::ParseError there: exit status
// 2. A task's error is one line that says what is wrong and how to go on: exit status 1.

#include <functional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "ops/process/settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vsim::vsimctl {

using Outcome = tl::expected<void, std::string>;
/// What a task returns when it fails: the one line.
inline tl::unexpected<std::string> failed(std::string why) {
  return tl::unexpected(std::move(why));
}

using Task = std::function<Outcome(const process::CommonSettings&)>;
/// One that asks neither broker nor Postgres: no setting of theirs need be given for it.
using LocalTask = std::function<Outcome()>;

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
void add_rebuild(CLI::App& app, Task& chosen);
void add_status(CLI::App& app, Task& chosen);
void add_terminate(CLI::App& app, Task& chosen);
void add_verify(CLI::App& app, Task& chosen);

}  // namespace vsim::vsimctl
