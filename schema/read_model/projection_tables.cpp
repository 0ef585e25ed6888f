#include "schema/read_model/projection_tables.h"

#include <algorithm>
#include <map>
#include <span>

#include "schema/read_model/column_arrays.h"
#include "schema/read_model/session.h"
#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

constexpr int first_array_parameter = 6;

/// Everything below hangs on the row of `moved`: without it, nothing is inserted. D10
constexpr const char* move_checkpoint =
    "WITH moved AS (UPDATE projection_checkpoint"
    " SET sequence = $3, hash = $4, command_sequence = $5"
    " WHERE stream = $1 AND sequence = $2 RETURNING sequence)";

/// Strings changes together as parts of one statement and counts their parameters.
class StatementBuilder {
 public:
  void insert(const char* table, std::span<const Column> columns, const std::string& on_conflict) {
    sql_ += ", " + std::string("into_") + table + " AS (INSERT INTO " + table + " (" +
            column_names(columns) + ") " + select_from_arrays(columns, next_parameter_) +
            on_conflict + ")";
    next_parameter_ += static_cast<int>(columns.size());
  }

  /// An UPDATE of rows that were there before the statement. `condition` may name `new`.
  void update(const char* table, const char* assignments, std::span<const Column> columns,
              const char* condition) {
    sql_ += ", " + std::string("updated_") + table + " AS (UPDATE " + table + " AS old SET " +
            assignments + " FROM (" + select_from_arrays(columns, next_parameter_) + ") AS new(" +
            column_names(columns) + ") WHERE " + condition + ")";
    next_parameter_ += static_cast<int>(columns.size());
  }

  std::string take() { return sql_ + " SELECT sequence FROM moved"; }

 private:
  std::string sql_ = move_checkpoint;
  int next_parameter_ = first_array_parameter;
};

/// Parameters of both: stream, previous sequence, next sequence, its hash, its command sequence,
/// then the arrays of the tables in this order. Each gives one row when the checkpoint was moved.
Statement apply_events_statement() {
  StatementBuilder sql;
  sql.insert("server_events", event_columns, "");
  sql.insert("servers", server_columns_written,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(server_columns_written, 1));
  sql.insert("server_counts", count_columns,
             " ON CONFLICT (region, type, status)"
             " DO UPDATE SET servers = server_counts.servers + excluded.servers");
  // What was purged and waits again as a later copy stays PENDING.
  sql.insert("operations", operation_columns,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(operation_columns, 1) +
                 " WHERE NOT (operations.status = 'PENDING' AND " +
                 left_undone("excluded", "operations") + ")");
  sql.insert("addresses", address_columns,
             " ON CONFLICT (region, ip) DO UPDATE SET server_id = excluded.server_id,"
             " last_claim = greatest(addresses.last_claim, excluded.last_claim)");
  sql.insert("clock", clock_columns,
             " ON CONFLICT (one_row) DO UPDATE SET " + overwrite_all(clock_columns, 0));
  sql.insert("billing_watermarks", watermark_columns,
             " ON CONFLICT (region) DO UPDATE SET " + overwrite_all(watermark_columns, 1));
  sql.insert("billing_periods", period_columns, "");
  // A server has one that runs at most, and it began in an earlier batch. It is looked up for each
  // server: a join would be planned on the table's size of that moment, and then walk it.
  sql.update("billing_periods",
             "ended = new.ended, billed_seconds = new.settled - old.settled_before",
             period_end_columns,
             "old.ctid = (SELECT running.ctid FROM billing_periods AS running"
             " WHERE running.server_id = new.server_id AND running.ended IS NULL LIMIT 1)");
  return {"apply_events", sql.take()};
}

Statement apply_pending_statement() {
  StatementBuilder sql;
  // A copy of what is pending still waits since its first one: whoever holds that may decide it,
  // at a time before the later copy came (D40).
  const std::span all_but_since(operation_columns.begin(), operation_columns.size() - 1);
  sql.insert("operations", operation_columns,
             " ON CONFLICT (id) DO UPDATE SET " + overwrite_all(all_but_since, 1) +
                 ", pending_since = CASE WHEN operations.status = 'PENDING' THEN"
                 " least(operations.pending_since, operations.command_sequence,"
                 " excluded.pending_since) ELSE excluded.pending_since END WHERE " +
                 left_undone("operations", "excluded"));
  return {"apply_pending", sql.take()};
}

std::vector<ColumnArrays> arrays_of(ProjectionBatch batch) {
  ColumnArrays events(event_columns.size());
  for (const auto& [server, row] : batch.events) {
    add_row(events, server, row);
  }
  ColumnArrays servers(server_columns_written.size());
  for (const auto& [id, state] : batch.servers) {
    add_row(servers, server_row(id, state));
  }
  ColumnArrays counts(count_columns.size());
  for (const auto& [key, change] : batch.counts) {
    counts.text(std::get<0>(key));
    counts.text(std::get<1>(key));
    counts.text(std::get<2>(key));
    counts.integer(change);
  }
  ColumnArrays operations(operation_columns.size());
  for (const auto& [id, row] : batch.operations) {
    add_row(operations, row);
  }
  ColumnArrays addresses(address_columns.size());
  for (const auto& [address, change] : batch.addresses) {
    add_row(addresses, address, change);
  }
  ColumnArrays clock(clock_columns.size());
  if (batch.clock) {
    add_row(clock, batch.clock->first, batch.clock->second);
  }
  ColumnArrays watermarks(watermark_columns.size());
  for (const auto& [region, last] : batch.watermarks) {
    add_row(watermarks, last.first, last.second);
  }
  ColumnArrays periods(period_columns.size());
  for (const PeriodBegun& period : batch.periods_begun) {
    add_row(periods, period);
  }
  ColumnArrays period_ends(period_end_columns.size());
  for (const auto& [server, end] : batch.periods_ended) {
    add_row(period_ends, server, end);
  }
  return {std::move(events),     std::move(servers),   std::move(counts),
          std::move(operations), std::move(addresses), std::move(clock),
          std::move(watermarks), std::move(periods),   std::move(period_ends)};
}

ColumnArrays arrays_of(const std::vector<OperationRow>& operations) {
  // One row a command, in the order of ids: writers that meet on rows never wait in a circle.
  std::map<std::string_view, OperationRow> rows;
  for (const OperationRow& row : operations) {
    const auto [found, is_first] = rows.try_emplace(row.id, row);
    if (is_first) {
      continue;
    }
    const auto since = std::min(found->second.pending_since, row.pending_since);
    if (found->second.command_sequence < row.command_sequence) {
      found->second = row;
    }
    found->second.pending_since = since;
  }
  ColumnArrays arrays(operation_columns.size());
  for (const auto& [id, row] : rows) {
    add_row(arrays, row);
  }
  return arrays;
}

Arguments checkpoint_arguments(const char* stream, StreamSequence previous,
                               const Checkpoint& next) {
  Arguments arguments;
  arguments.text(stream)
      .integer(static_cast<std::int64_t>(previous))
      .integer(static_cast<std::int64_t>(next.sequence))
      .text(next.hash)
      .integer(static_cast<std::int64_t>(next.command_sequence));
  return arguments;
}

void add_arrays(Arguments& arguments, ColumnArrays& columns) {
  for (ColumnArray& array : columns.arrays()) {
    arguments.ready(array.take());
  }
}

}  // namespace

std::string left_undone(const std::string& earlier, const std::string& later) {
  // A message that bears the id and is another command changes nothing: no worker carries it out.
  return earlier + ".status IN ('PENDING', 'PURGED', 'DEAD_LETTERED') AND " + earlier +
         ".command_sequence < " + later + ".command_sequence AND " + earlier + ".type = " + later +
         ".type AND (" + earlier + ".request_hash = " + later + ".request_hash OR '' IN (" +
         earlier + ".request_hash, " + later + ".request_hash))";
}

std::vector<Statement> projection_statements() {
  return {apply_events_statement(),
          apply_pending_statement(),
          {"add_addresses",  // those that are not there yet, as free ones
           "INSERT INTO addresses (region, ip) SELECT $1, $2::inet + n"
           " FROM generate_series(0, $3::bigint) AS n ON CONFLICT DO NOTHING"},
          {"add_region", "INSERT INTO regions (name) VALUES ($1)"},
          {"add_instance_type", "INSERT INTO instance_types (name, hourly_rate) VALUES ($1, $2)"}};
}

bool apply_batch(Transaction& tx, ProjectionBatch batch, StreamSequence previous,
                 const Checkpoint& next) {
  if (!batch.pool_ranges.empty()) {
    // Two statements shall not go into two models: a swap waits for this lock, or is over.
    tx.exec("LOCK TABLE projection_checkpoint IN ROW EXCLUSIVE MODE");
  }
  // The pool first: where the checkpoint has moved, addresses of the log are not wrong either.
  for (const auto& [region, range] : batch.pool_ranges) {
    execute(tx, "add_addresses",
            Arguments()
                .text(region.name)
                .text(range.first.to_string())
                .integer(static_cast<std::int64_t>(range.size() - 1)));
    BoundedWait::current().again();  // each may be a million rows
  }
  Arguments arguments = checkpoint_arguments("EVENTS", previous, next);
  for (ColumnArrays& columns : arrays_of(std::move(batch))) {
    add_arrays(arguments, columns);
  }
  return !execute(tx, "apply_events", arguments).empty();
}

bool apply_pending(Transaction& tx, const std::vector<OperationRow>& operations,
                   StreamSequence previous, const Checkpoint& next) {
  Arguments arguments = checkpoint_arguments("JOURNAL", previous, next);
  ColumnArrays columns = arrays_of(operations);
  add_arrays(arguments, columns);
  return !execute(tx, "apply_pending", arguments).empty();
}

void put_catalogue(Transaction& tx, const Catalogue& catalogue) {
  tx.exec("DELETE FROM regions");
  tx.exec("DELETE FROM instance_types");
  for (const auto& [region, ranges] : catalogue.regions) {
    execute(tx, "add_region", Arguments().text(region.name));
  }
  for (const auto& [type, rate] : catalogue.instance_types) {
    execute(tx, "add_instance_type", Arguments().text(type).integer(rate.ten_thousandths_usd));
  }
}

}  // namespace vsim::read_model
