#include "schema/read_model/regions.h"

#include <algorithm>
#include <utility>

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

/// Of each region, how many servers were there.
std::string held_at(const std::string& moment) {
  return "SELECT name, (SELECT count(*) FROM servers s WHERE s.region = r.name AND version > -1"
         " AND created_at <= " +
         moment + " AND (" + std::string(not_terminated) + " OR updated_at > " + moment +
         ")) FROM regions r ORDER BY name";
}

/// The incidents among the events, each with what its region's next event says of its end.
std::string incidents(const std::string& where) {
  return "(SELECT region, version, (date_part('epoch', at) * 1000)::bigint,"
         " (date_part('epoch', until) * 1000)::bigint, content, actor, command_id,"
         " (date_part('epoch', CASE WHEN lead(at) OVER next IS NOT NULL"
         " THEN least(until, lead(at) OVER next) END) * 1000)::bigint AS ended,"
         " CASE WHEN lead(at) OVER next < until IS NOT FALSE"
         " OR lead(event) OVER next = 'incident_ended' THEN lead(actor) OVER next END, event"
         " FROM region_events " +
         where +
         " WINDOW next AS (PARTITION BY region ORDER BY version)) AS all_of_them"
         " WHERE event = 'incident_set'";
}

IncidentRow read_incident(const pqxx::row& row) {
  return {.region = text_of(row[0]),
          .number = integer_of<Version>(row[1]),
          .began = instant_of(row[2]),
          .until = optional_instant_of(row[3]),
          .content = text_of(row[4]),
          .set_by = text_of(row[5]),
          .command_id = row[6].is_null() ? "" : text_of(row[6]),
          .ended = optional_instant_of(row[7]),
          .ended_by = row[8].is_null() ? "" : text_of(row[8])};
}

std::vector<IncidentRow> read_incidents(const pqxx::result& rows) {
  std::vector<IncidentRow> incidents;
  for (const auto& row : rows) {
    incidents.push_back(read_incident(row));
  }
  return incidents;
}

void add_incidents(std::vector<RegionRow>& regions, std::vector<IncidentRow> incidents) {
  for (auto& incident : incidents) {
    const auto found = std::find_if(regions.begin(), regions.end(), [&](const RegionRow& region) {
      return region.name == incident.region;
    });
    if (found != regions.end()) {
      found->incident = std::move(incident);
    }
  }
}

}  // namespace

std::vector<Statement> region_statements() {
  return {
      {"region_incidents", "SELECT * FROM " +
                               incidents("WHERE region = $1 AND coalesce(at <= " +
                                         moment_sql("$4::bigint") + ", true)") +
                               " AND version < $2::bigint ORDER BY version DESC LIMIT $3"},
      {"open_incidents_at", "SELECT * FROM " +
                                incidents("WHERE at <= " + moment_sql("$1::bigint")) +
                                " AND ended IS NULL ORDER BY region"},
      {"held_addresses_at", held_at(moment_sql("$1::bigint"))},
      {"open_incidents", "SELECT * FROM " + incidents("") + " AND ended IS NULL ORDER BY region"},
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
  add_incidents(regions, read_incidents(execute(tx, "open_incidents", Arguments())));
  return regions;
}

std::vector<RegionRow> list_regions_at(Transaction& tx, Instant at,
                                       const std::map<std::string, std::uint64_t>& pool_sizes) {
  const auto moment = Arguments().integer(unix_milliseconds(at));
  std::vector<RegionRow> regions;
  for (const auto& row : execute(tx, "held_addresses_at", moment)) {
    const std::string name = text_of(row[0]);
    const auto known = pool_sizes.find(name);
    const auto size = known == pool_sizes.end() ? 0 : known->second;
    const auto held = integer_of<std::uint64_t>(row[1]);
    regions.push_back({name, size, size - std::min(size, held)});
  }
  add_incidents(regions, read_incidents(execute(tx, "open_incidents_at", moment)));
  return regions;
}

std::vector<IncidentRow> list_incidents(Transaction& tx, const Region& region, std::uint32_t limit,
                                        Version before, std::optional<Instant> at) {
  Arguments arguments;
  arguments.text(region.name).integer(static_cast<std::int64_t>(before)).integer(limit);
  at ? arguments.integer(unix_milliseconds(*at)) : arguments.null();
  return read_incidents(execute(tx, "region_incidents", arguments));
}

std::vector<InstanceTypeRow> list_instance_types(Transaction& tx) {
  std::vector<InstanceTypeRow> types;
  for (const auto& row : execute(tx, "instance_types_all", Arguments())) {
    types.push_back({text_of(row[0]), HourlyRate{integer_of<std::int64_t>(row[1])}});
  }
  return types;
}

}  // namespace vsim::read_model
