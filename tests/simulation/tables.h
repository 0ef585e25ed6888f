#pragma once

// The read models in memory: the rows that a projection's batches make, by the rules of the
// statements in schema/read_model/batch_statement.cpp.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/read_model/checkpoint.h"
#include "schema/read_model/fleet_snapshot.h"
#include "schema/read_model/projection_batch.h"
#include "schema/read_model/servers.h"

namespace vsim::simulation {

struct Tables {
  bool made = false;
  std::map<std::string, read_model::Checkpoint> checkpoints;
  std::map<ServerId, read_model::ServerRow> servers;
  std::map<ServerId, std::vector<read_model::ServerEventRow>> events;
  std::map<read_model::ProjectionBatch::CountKey, std::int64_t> counts;
  std::map<std::string, read_model::OperationRow> operations;
  std::map<std::pair<Region, Ipv4>, read_model::AddressChange> addresses;
  std::vector<read_model::PeriodBegun> periods;
  std::optional<read_model::ClockChange> clock;
  std::vector<std::pair<RegionEvent, StreamSequence>> region_events;
  std::map<Region, std::pair<BillingWatermark, StreamSequence>> watermarks;
  std::map<WarmPoolId, std::pair<WarmPool, StreamSequence>> warm_pools;
  std::map<WarmPoolId, read_model::WarmPoolCounts> warm_pool_counts;

  /// False: the checkpoint stands elsewhere, and nothing was written.
  bool apply(read_model::ProjectionBatch batch, StreamSequence previous,
             const read_model::Checkpoint& next);
  bool apply_pending(std::vector<read_model::OperationRow> rows, StreamSequence previous,
                     const read_model::Checkpoint& next);
  read_model::FleetSnapshot snapshot() const;

  /// All rows that come from EVENTS, as text, one a line: to be compared.
  std::vector<std::string> lines() const;

 private:
  void add_warm_pools(std::vector<std::string>& lines) const;
  bool move(const std::string& stream, StreamSequence previous, const read_model::Checkpoint& next);
};

}  // namespace vsim::simulation
