#include "schema/read_model/regions.h"

#include "schema/read_model/session.h"

namespace vsim::read_model {

std::vector<Statement> region_statements() {
  return {
      {"regions_all",
       "SELECT r.name, count(a.ip), count(a.ip) FILTER (WHERE a.server_id IS NULL)"
       " FROM regions r LEFT JOIN addresses a ON a.region = r.name GROUP BY r.name ORDER BY "
       "r.name"},
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
