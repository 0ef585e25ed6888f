#include "schema/read_model/checkpoint.h"

#include "schema/read_model/session.h"

namespace vsim::read_model {

// They may stop servers, as a server's own commands do.
constexpr const char* incident_commands = "'set_incident', 'lift_incident'";

std::vector<Statement> checkpoint_statements() {
  return {
      {"checkpoint",
       "SELECT sequence, hash, command_sequence FROM projection_checkpoint"
       " WHERE stream = $1"},
      {"takes_writes", "SELECT current_setting('transaction_read_only') = 'off'"},
      {"syncs_to_disk", "SELECT current_setting('fsync') = 'on'"},
      {"progress",
       "SELECT coalesce((SELECT sequence FROM projection_checkpoint WHERE stream = 'EVENTS'), 0),"
       // An outage may touch servers from its begin on; what it does is said with the deadlines,
       // as far as these speak of the log: it may have been stored late.
       " (SELECT (date_part('epoch', least((SELECT min(due) FROM servers),"
       " (SELECT min(at) FROM region_events, clock WHERE outage IN ('impaired', 'stopped')"
       " AND (at > deadlines_applied OR region_events.sequence > log_through)))) * 1000)::bigint),"
       " (SELECT (date_part('epoch', deadlines_applied) * 1000)::bigint FROM clock),"
       // Each by its own index: what waits again as a later copy is little.
       " coalesce(least((SELECT min(command_sequence) FROM operations"
       " WHERE status = 'PENDING' AND (server_id IS NOT NULL OR type IN (" +
           std::string(incident_commands) +
           "))),"
           " (SELECT min(pending_since) FROM operations WHERE status = 'PENDING'"
           " AND pending_since <> command_sequence AND (server_id IS NOT NULL OR type IN (" +
           std::string(incident_commands) + ")))), 0)"},
  };
}

bool takes_writes(Transaction& tx) {
  return view_of(execute(tx, "takes_writes", Arguments())[0][0]) == "t";
}

bool syncs_to_disk(Transaction& tx) {
  return view_of(execute(tx, "syncs_to_disk", Arguments())[0][0]) == "t";
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
  return {.sequence = integer_of<StreamSequence>(row[0]),
          .earliest_due = optional_instant_of(row[1]),
          .deadlines_applied = optional_instant_of(row[2]),
          .oldest_pending =
              static_cast<StreamSequence>(integer_of<std::int64_t>(row[3]))};  // all 64 bits
}

}  // namespace vsim::read_model
