#include "workers/gauges/read_model_gauges.h"

#include "ops/process/pause.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/billing.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/servers.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using read_model::DatabaseError;
using read_model::Transaction;

constexpr auto model_ask_interval = 2s;

}  // namespace

ReadModelGauges::ReadModelGauges(std::string database_url, const Catalogue& catalogue,
                                 telemetry::Metrics& metrics)
    : pool_(std::move(database_url), 1),
      catalogue_(catalogue),
      up_(metrics.gauge("vsim_postgres_up", "1 while Postgres answers this process, else 0")),
      servers_(
          metrics.gauge_set("vsim_servers", "Servers in the read models, by region and state")) {}

void ReadModelGauges::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto asked = ask();
    // Missing tables are an answer too.
    up_.set(asked || asked.error().kind != DatabaseError::Kind::unavailable ? 1 : 0);
    process::pause(stop, model_ask_interval);
  }
}

read_model::DbResult<void> ReadModelGauges::ask() {
  const auto counts = pool_.read([](Transaction& tx) { return read_model::count_servers(tx); });
  if (!counts) {
    return tl::unexpected(counts.error());
  }
  const auto checkpoint = pool_.read(
      [](Transaction& tx) { return read_model::find_checkpoint(tx, messages::events_stream); });
  if (!checkpoint) {
    return tl::unexpected(checkpoint.error());
  }
  auto billed = pool_.read([](Transaction& tx) { return read_model::billing_watermarks(tx); });
  if (!billed) {
    return tl::unexpected(billed.error());
  }
  const auto newest = pool_.read(read_model::newest_command);
  if (!newest) {
    return tl::unexpected(newest.error());
  }

  std::map<telemetry::Labels, double> servers;
  for (const auto& [region, addresses] : catalogue_.regions) {
    for (std::size_t status = 0; status < status_count; ++status) {
      const std::string name(to_string(static_cast<Status>(status)));
      servers[{{"region", region.name}, {"status", name}}] = 0;
    }
  }
  for (const auto& count : *counts) {
    servers[{{"region", count.region}, {"status", count.status}}] =
        static_cast<double>(count.servers);
  }
  servers_.replace(servers);
  const std::lock_guard lock(mutex_);
  projected_ = *checkpoint ? (*checkpoint)->sequence : 0;
  newest_command_ = *newest;
  billed_through_ = std::move(*billed);
  return {};
}

StreamSequence ReadModelGauges::newest_command() const {
  const std::lock_guard lock(mutex_);
  return newest_command_;
}

std::optional<StreamSequence> ReadModelGauges::projected() const {
  const std::lock_guard lock(mutex_);
  return projected_;
}

std::map<std::string, Instant> ReadModelGauges::billed_through() const {
  const std::lock_guard lock(mutex_);
  return billed_through_;
}

}  // namespace vsim::workers
