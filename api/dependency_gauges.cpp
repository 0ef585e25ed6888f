#include "api/dependency_gauges.h"

#include "eventstore/broker_facts.h"
#include "ops/process/pause.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto ask_interval = 2s;

}  // namespace

DependencyGauges::DependencyGauges(const eventstore::Broker& broker,
                                   read_model::ConnectionPool& pool, telemetry::Metrics& metrics)
    : broker_(broker),
      pool_(pool),
      nats_up_(metrics.gauge("vsim_nats_up", "1 while NATS answers this process, else 0")),
      postgres_up_(
          metrics.gauge("vsim_postgres_up", "1 while Postgres answers this process, else 0")),
      permission_errors_(metrics.counter(
          "vsim_nats_permission_errors_total",
          "Publishes and requests of this process that NATS forbade to its user")) {}

void DependencyGauges::watch_broker(std::stop_token stop) {
  using Kind = eventstore::Error::Kind;
  while (!stop.stop_requested()) {
    const auto events = eventstore::stream_facts(broker_, messages::events_stream);
    // A refusal is an answer too.
    nats_up_.set(events || events.error().kind == Kind::refused ? 1 : 0);
    permission_errors_.add(static_cast<double>(broker_.permission_errors()) -
                           permission_errors_.value());
    process::pause(stop, ask_interval);
  }
}

void DependencyGauges::watch_database(std::stop_token stop) {
  using Kind = read_model::DatabaseError::Kind;
  while (!stop.stop_requested()) {
    const auto checkpoint = pool_.read([](read_model::Transaction& tx) {
      return read_model::find_checkpoint(tx, messages::events_stream);
    });
    // Missing tables are an answer too.
    postgres_up_.set(checkpoint || checkpoint.error().kind != Kind::unavailable ? 1 : 0);
    process::pause(stop, ask_interval);
  }
}

}  // namespace vsim::api
