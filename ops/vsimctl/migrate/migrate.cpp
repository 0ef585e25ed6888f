// `vsimctl migrate`: everything that must be there before the first program starts. Can be run
// again at any time, and by several at once: each thing is made only where it is missing.

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "eventstore/streams.h"
#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/migrate/queue_start.h"
#include "ops/vsimctl/migrate/schema_files.h"
#include "ops/vsimctl/migrate/seed_log.h"
#include "ops/vsimctl/subcommands.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/migrations.h"

namespace vsim::vsimctl {
namespace {

tl::expected<void, std::string> migrate_postgres(const process::CommonSettings& settings) {
  const auto report = read_model::apply_migrations(settings.database_url, settings.schema_dir);
  if (!report) {
    return failed(explain(settings, report.error()));
  }
  if (!report->dropped_because.empty()) {
    fmt::print("postgres: dropped schema {} because {}; a projector rebuilds it from the log\n",
               read_model::read_model_schema, report->dropped_because);
  }
  for (const auto& file : report->applied) {
    fmt::print("postgres: applied {}\n", file);
  }
  if (report->applied.empty()) {
    fmt::print("postgres: up to date\n");
  }
  if (!report->warning.empty()) {
    fmt::print(stderr, "vsimctl: warning: {}\n", report->warning);
  }
  return {};
}

tl::expected<void, std::string> migrate_broker(const process::CommonSettings& settings) {
  const auto definition = messages::load_streams_definition(settings.schema_dir);
  if (!definition) {
    return failed(definition.error());
  }
  const auto catalogue = read_catalogue(settings);
  if (!catalogue) {
    return failed(catalogue.error());
  }
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const std::string events(messages::events_stream);
  const auto above_log = [&] { return first_free_number((*log)->broker()); };
  if (auto made = eventstore::ensure_streams((*log)->broker(), *definition, events, above_log);
      !made) {
    return failed(explain(settings, made.error()));
  }
  fmt::print("nats: streams and consumers are as schema/messages/streams.json says\n");
  const auto now = (*log)->now(settings);
  if (!now) {
    return failed(now.error());
  }
  const auto seeded = seed_log((*log)->events(), *catalogue, std::chrono::floor<Duration>(*now),
                               {settings.time_scale, settings.sim_seed});
  if (!seeded) {
    const bool contradicts = seeded.error().kind == eventstore::Error::Kind::refused;
    return failed(contradicts ? "log: " + seeded.error().detail
                              : explain(settings, seeded.error()));
  }
  fmt::print("log: clock and address pools have begun\n");
  return {};
}

tl::expected<void, std::string> migrate(const process::CommonSettings& settings) {
  if (auto done = migrate_postgres(settings); !done) {
    return done;
  }
  return migrate_broker(settings);
}

}  // namespace

void add_migrate(CLI::App& app, Task& chosen) {
  app.add_subcommand("migrate",
                     "Makes tables, streams, consumers and the log's first events where missing")
      ->callback([&chosen] { chosen = migrate; });
}

}  // namespace vsim::vsimctl
