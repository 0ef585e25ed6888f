// The reads of the small tables: regions, instance_types, clock, projection_checkpoint,
// billing_watermarks.

#include "schema/read_model/checkpoint.h"
#include "schema/read_model/clock.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

std::vector<Statement> small_table_statements() {
  return {
      {"regions_all",
       "SELECT r.name, count(a.ip), count(a.ip) FILTER (WHERE a.server_id IS NULL)"
       " FROM regions r LEFT JOIN addresses a ON a.region = r.name GROUP BY r.name ORDER BY "
       "r.name"},
      {"instance_types_all",
       "SELECT name, hourly_rate FROM instance_types ORDER BY hourly_rate, name"},
      {"clock",
       "SELECT (date_part('epoch', simulated_at) * 1000)::bigint, stored_at_ns, scale, seed,"
       " (date_part('epoch', deadlines_applied) * 1000)::bigint FROM clock"},
      {"checkpoint",
       "SELECT sequence, hash, command_sequence FROM projection_checkpoint"
       " WHERE stream = $1"},
      {"log_marks",
       "SELECT 'checkpoint', hash, sequence FROM projection_checkpoint WHERE stream = $1"
       " UNION ALL SELECT 'clock', '', sequence FROM clock"
       " UNION ALL SELECT 'billing', region, sequence FROM billing_watermarks"},
      {"takes_writes", "SELECT current_setting('transaction_read_only') = 'off'"},
      {"progress",
       "SELECT coalesce((SELECT sequence FROM projection_checkpoint WHERE stream = 'EVENTS'), 0),"
       " (SELECT (date_part('epoch', min(due)) * 1000)::bigint FROM servers),"
       " (SELECT (date_part('epoch', deadlines_applied) * 1000)::bigint FROM clock),"
       // Each by its own index: what waits again as a later copy is little.
       " coalesce(least((SELECT min(command_sequence) FROM operations"
       " WHERE status = 'PENDING' AND server_id IS NOT NULL),"
       " (SELECT min(pending_since) FROM operations WHERE status = 'PENDING'"
       " AND pending_since <> command_sequence AND server_id IS NOT NULL)), 0)"},
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

std::optional<ClockRow> find_clock(Transaction& tx) {
  const auto rows = execute(tx, "clock", Arguments());
  if (rows.empty()) {
    return std::nullopt;
  }
  const auto row = rows[0];
  ClockRow clock;
  clock.time.sim = instant_of(row[0]);
  clock.time.stored_at = WallTime{std::chrono::nanoseconds(integer_of<std::int64_t>(row[1]))};
  clock.time.scale = row[2].as<double>();
  clock.time.seed = integer_of<std::uint64_t>(row[3]);
  clock.deadlines_applied = instant_of(row[4]);
  return clock;
}

bool takes_writes(Transaction& tx) {
  return view_of(execute(tx, "takes_writes", Arguments())[0][0]) == "t";
}

std::optional<Checkpoint> find_checkpoint(Transaction& tx, std::string_view stream) {
  const auto rows = execute(tx, "checkpoint", Arguments().text(stream));
  if (rows.empty()) {
    return std::nullopt;
  }
  return Checkpoint{integer_of<StreamSequence>(rows[0][0]), text_of(rows[0][1]),
                    integer_of<StreamSequence>(rows[0][2])};
}

Progress find_progress(Transaction& tx) {
  const auto row = execute(tx, "progress", Arguments())[0];
  return {integer_of<StreamSequence>(row[0]), optional_instant_of(row[1]),
          optional_instant_of(row[2]),
          static_cast<StreamSequence>(integer_of<std::int64_t>(row[3]))};  // all 64 bits
}

}  // namespace vsim::read_model
