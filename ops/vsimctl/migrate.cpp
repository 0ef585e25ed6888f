#include "ops/vsimctl/migrate.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "eventstore/broker.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "ops/vsimctl/seed_log.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/migrations.h"

namespace vsim::vsimctl {
namespace {

using Failure = tl::unexpected<std::string>;

tl::expected<void, std::string> migrate_postgres(const telemetry::CommonSettings& settings) {
  const auto report = read_model::apply_migrations(settings.database_url, settings.schema_dir);
  if (!report) {
    return Failure("Postgres: " + report.error().detail);
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

std::string joined(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) {
    text += (text.empty() ? "" : "; ") + mistake;
  }
  return text;
}

tl::expected<void, std::string> migrate_broker(const telemetry::CommonSettings& settings) {
  const auto definition = messages::load_streams_definition(settings.schema_dir);
  if (!definition) {
    return Failure(definition.error());
  }
  const auto catalogue = messages::load_catalogue(settings.schema_dir);
  if (!catalogue) {
    return Failure(joined(catalogue.error()));
  }
  auto broker = eventstore::Broker::connect({settings.nats_url, "vsimctl migrate"});
  if (!broker) {
    return Failure("NATS: " + broker.error().detail);
  }
  const std::string events(messages::events_stream);
  if (auto made = eventstore::ensure_streams(**broker, *definition, events); !made) {
    return Failure("NATS: " + made.error().detail);
  }
  fmt::print("nats: streams and consumers are as schema/messages/streams.json says\n");
  eventstore::JetStreamStore log(**broker, **broker, events);
  auto seeded = seed_log(log, *catalogue, {settings.time_scale, settings.sim_seed});
  if (!seeded) {
    return Failure("log: " + seeded.error().detail);
  }
  fmt::print("log: clock and address pools have begun\n");
  return {};
}

}  // namespace

tl::expected<void, std::string> migrate(const telemetry::CommonSettings& settings) {
  if (auto done = migrate_postgres(settings); !done) {
    return done;
  }
  return migrate_broker(settings);
}

}  // namespace vsim::vsimctl
