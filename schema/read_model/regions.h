#pragma once

// Tables `regions`, `instance_types`, `region_events`, and the pools' sizes from the table behind
// `ip_pool`.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/money.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

/// An incident, from its begin on.
struct IncidentRow {
  std::string region;
  Version number = 0;
  Instant began;
  std::optional<Instant> until;
  std::string content;  // JSON
  std::string set_by;
  std::string command_id;
  std::optional<Instant> ended;  // by an event
  std::string ended_by;          // who; empty: nobody
};

struct RegionRow {
  std::string name;
  std::uint64_t addresses_total = 0;
  std::uint64_t addresses_free = 0;
  std::optional<IncidentRow> incident = {};  // that no event has ended
};

struct InstanceTypeRow {
  std::string name;
  HourlyRate hourly_rate;
};

std::vector<RegionRow> list_regions(Transaction& tx);
/// As they were at that instant. How large the pools were then the caller says, by region; free is
/// what servers did not hold. Looks at every server that was created before.
std::vector<RegionRow> list_regions_at(Transaction& tx, Instant at,
                                       const std::map<std::string, std::uint64_t>& pool_sizes);
/// Of one region, the newest first, those before a number; with `at`, as it was known then.
std::vector<IncidentRow> list_incidents(Transaction& tx, const Region& region, std::uint32_t limit,
                                        Version before, std::optional<Instant> at);
std::vector<InstanceTypeRow> list_instance_types(Transaction& tx);

}  // namespace vsim::read_model
