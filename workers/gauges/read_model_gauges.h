#pragma once

// What operators watch of Postgres: whether it answers, servers by state; and what other gauges
// need of it. Asked in the background, so that a scrape never waits for Postgres.

#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "domain/catalogue.h"
#include "domain/ids.h"
#include "domain/instant.h"
#include "ops/telemetry/metrics.h"
#include "schema/read_model/database.h"

namespace vsim::workers {

class ReadModelGauges {
 public:
  /// Catalogue and metrics outlive it. A region of the catalogue counts as 0 where it has none.
  ReadModelGauges(std::string database_url, const Catalogue& catalogue,
                  telemetry::Metrics& metrics);

  /// Asks every 2 s until stopped. Without an answer all keep their last value, and
  /// `vsim_postgres_up` falls to 0.
  void run(std::stop_token stop);

  /// Any thread; as last read: how far EVENTS has been projected, and each region has been billed.
  std::optional<StreamSequence> projected() const;
  /// The highest place in COMMANDS that the read models know; 0: none, or not read yet.
  StreamSequence newest_command() const;
  std::map<std::string, Instant> billed_through() const;

 private:
  read_model::DbResult<void> ask();

  read_model::ConnectionPool pool_;
  const Catalogue& catalogue_;
  telemetry::Gauge up_;
  telemetry::GaugeSet servers_;
  mutable std::mutex mutex_;
  std::optional<StreamSequence> projected_;        // guarded by mutex_
  StreamSequence newest_command_ = 0;              // guarded by mutex_
  std::map<std::string, Instant> billed_through_;  // guarded by mutex_
};

}  // namespace vsim::workers
