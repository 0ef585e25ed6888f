#pragma once

// Metrics of whether NATS and Postgres answer. Asked in the background, so that a scrape never
// waits for a broker or a database that does not answer. D28

#include <stop_token>

#include "eventstore/broker.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/database.h"

namespace vsim::api {

class DependencyGauges {
 public:
  /// All outlive it.
  DependencyGauges(const eventstore::Broker& broker, read_model::ConnectionPool& pool,
                   telemetry::Metrics& metrics);

  /// Ask every 2 s until stopped; each on a thread of its own, since one may not answer for long.
  void watch_broker(std::stop_token stop);
  void watch_database(std::stop_token stop);

 private:
  const eventstore::Broker& broker_;
  read_model::ConnectionPool& pool_;
  telemetry::Gauge nats_up_;
  telemetry::Gauge postgres_up_;
  telemetry::Counter permission_errors_;
};

}  // namespace vsim::api
