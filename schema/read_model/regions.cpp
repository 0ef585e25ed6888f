#include "schema/read_model/regions.h"

#include "schema/read_model/server_columns.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

namespace {

/// What the view address_claims says, counted: one living server has one address. Claimants are
/// only looked up where some are no living servers, and hardly one is left then whose events have
/// to be looked for; row by row this takes three times as long. D6
std::string count_pools() {
  const std::string living(not_terminated);
  return "WITH pools AS (SELECT region, count(*) AS size, count(server_id) AS claimed"
         " FROM addresses GROUP BY region),"
         " living AS (SELECT region, sum(servers)::bigint AS servers FROM server_counts WHERE " +
         living +
         " GROUP BY region),"
         " strays AS MATERIALIZED (SELECT a.region, a.server_id FROM addresses a"
         " WHERE a.server_id IS NOT NULL"
         " AND NOT EXISTS (SELECT FROM servers s WHERE s.id = a.server_id AND s." +
         living +
         ")),"
         " counts AS (SELECT r.name, coalesce(p.size, 0) AS size,"
         " coalesce(l.servers, 0) AS held, coalesce(p.claimed, 0) AS claimed FROM regions r"
         " LEFT JOIN pools p ON p.region = r.name LEFT JOIN living l ON l.region = r.name)"
         " SELECT name, size, greatest(0, size - held - CASE WHEN claimed > held THEN"
         " (SELECT count(*) FROM strays WHERE strays.region = name AND (SELECT e.version"
         " FROM server_events e WHERE e.server_id = strays.server_id LIMIT 1) IS NULL)"
         " ELSE 0 END) FROM counts ORDER BY name";
}

}  // namespace

std::vector<Statement> region_statements() {
  return {
      {"regions_all", count_pools()},
      {"instance_types_all",
       "SELECT name, hourly_rate FROM instance_types ORDER BY hourly_rate, name"},
  };
}

std::vector<RegionRow> list_regions(Transaction& tx) {
  std::vector<RegionRow> regions;
  for (const auto& row : execute(tx, "regions_all", Arguments())) {
    regions.push_back(
        {text_of(row[0]), integer_of<std::uint64_t>(row[1]), integer_of<std::uint64_t>(row[2])});
  }
  return regions;
}

std::vector<InstanceTypeRow> list_instance_types(Transaction& tx) {
  std::vector<InstanceTypeRow> types;
  for (const auto& row : execute(tx, "instance_types_all", Arguments())) {
    types.push_back({text_of(row[0]), HourlyRate{integer_of<std::int64_t>(row[1])}});
  }
  return types;
}

}  // namespace vsim::read_model
